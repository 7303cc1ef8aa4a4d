import fc from 'fast-check';

/**
 * Property tests take the same path in every run, so that a run says something about the change it is run for. A run that seeks new
 * cases says so: `npm run properties` starts each property from chance, and a failure then prints its seed.
 */
if (process.env['COUNTERSIGN_PROPERTIES'] !== 'wander') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_121 });
