// Conditions of a measure, each with its verdict and the words of the clause.
Component({
  properties: { conditions: { type: Array, value: [] } },
});
