export * from './command';
export * from './names';
export * from './numbers';
export * from './search';
export * from './times';
