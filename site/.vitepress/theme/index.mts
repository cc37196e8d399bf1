import { h } from "vue";
import type { Theme } from "vitepress";
// The theme's own fonts would be a third of the site; those of the system do.
import DefaultTheme from "vitepress/theme-without-fonts";
import Bookstore from "./Bookstore.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "home-features-before": () => h(Bookstore) }),
} satisfies Theme;
