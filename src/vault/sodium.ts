import sodium from 'libsodium-wrappers';

// The functions are undefined until this has resolved, and only the default export gets them.
await sodium.ready;

export { sodium };
