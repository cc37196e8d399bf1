import { complement, type Ranges } from "./ranges";

/** Last character that Unicode has. */
export const lastOfUnicode = 0x10ffff;

/** Last character that is one byte in Latin-1. */
export const lastOfLatin1 = 0xff;

const ranges = (text: string): Ranges =>
  [...text.matchAll(/(..)-(..)/gs)].map(([, lo = "", hi = ""]) => ({
    lo: parseInt(lo, 16),
    hi: parseInt(hi, 16),
  }));

const word = ranges("30-39 41-5a 5f-5f 61-7a");

/** Named classes of ASCII characters: `\d` and `[:digit:]`. */
const asciiGroups: Readonly<Record<string, Ranges>> = {
  "\\d": ranges("30-39"),
  "\\s": ranges("09-0a 0c-0d 20-20"),
  "\\w": word,
  alnum: ranges("30-39 41-5a 61-7a"),
  alpha: ranges("41-5a 61-7a"),
  ascii: ranges("00-7f"),
  blank: ranges("09-09 20-20"),
  cntrl: ranges("00-1f 7f-7f"),
  digit: ranges("30-39"),
  graph: ranges("21-7e"),
  lower: ranges("61-7a"),
  print: ranges("20-7e"),
  punct: ranges("21-2f 3a-40 5b-60 7b-7e"),
  space: ranges("09-0d 20-20"),
  upper: ranges("41-5a"),
  word,
  xdigit: ranges("30-39 41-46 61-66"),
};

/** A class of characters with a name, and whether the name is that of all others. */
export interface Group {
  readonly ranges: Ranges;
  readonly negated: boolean;
}

/** What `\d`, `\D` and their like stand for; undefined for other escapes. */
export function perlGroup(letter: string): Group | undefined {
  if (!/^[dswDSW]$/.test(letter)) return undefined;
  return { ranges: asciiGroups[`\\${letter.toLowerCase()}`] ?? [], negated: letter !== letter.toLowerCase() };
}

/** What `[:name:]` or `[:^name:]` stands for; undefined for a name that is none. */
export function posixGroup(name: string): Group | undefined {
  const negated = name.startsWith("^");
  const key = negated ? name.slice(1) : name;
  const found = /^[a-z]+$/.test(key) ? asciiGroups[key] : undefined;
  return found && { ranges: found, negated };
}

/** General categories of Unicode that RE2 knows, by their short names only. */
const categories = new Set(
  "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split(" "),
);

/** Scripts of Unicode that RE2 knows. */
const scripts = new Set(
  `Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi
  Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform
  Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic
  Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew
  Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li
  Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani
  Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive
  Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu
  Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian
  Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician
  Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo
  Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan
  Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square`.split(/\s+/),
);

/**
 * What `\p{name}` stands for among the characters of Latin-1, where Unicode does not change any more; undefined for a name that
 * RE2 does not know.
 */
export function unicodeGroup(name: string): Ranges | undefined {
  if (name === "Any") return [{ lo: 0, hi: lastOfUnicode }];
  // Of all scripts only these have characters of Latin-1.
  if (scripts.has(name) && name !== "Latin" && name !== "Common") return [];
  const property = scripts.has(name) ? `Script=${name}` : categories.has(name) ? name : undefined;
  if (property === undefined) return undefined;
  const test = new RegExp(`^\\p{${property}}$`, "u");
  const others: { lo: number; hi: number }[] = [];
  for (let code = 0; code <= lastOfLatin1; code += 1) {
    if (!test.test(String.fromCharCode(code))) others.push({ lo: code, hi: code });
  }
  return complement(others, lastOfLatin1);
}
