// What courses that the worker went to say, by fact: offered as an answer, with the words for where it
// is from. Nobody is signed in for it; whoever is not is asked without.
const api = require("./api.js");

const attended = (region, measure) =>
  api.read("/attended", measure ? { region, measure } : { region }).then(
    ({ facts }) => Object.fromEntries(facts.map((each) => [each.key, each])),
    () => ({}),
  );

module.exports = { attended };
