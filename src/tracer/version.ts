/** Version of this package, as spans and reports name it; a test holds it to package.json. */
export const tracerVersion = '0.1.0'
