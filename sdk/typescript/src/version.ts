/** The version of the package: that of Cordyna itself. */
export const VERSION = '0.1.0';
