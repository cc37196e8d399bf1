/** A revision of the AKS add-on, such as `asm-1-30`; with the number of its minor version. */
export const aksRevision = /^asm-1-(\d+)$/;
