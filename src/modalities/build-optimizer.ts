import { adamw } from "../optim/adamw.js";
import { muon } from "../optim/muon.js";
import type { Optimizer } from "../optim/optimizer.js";
import { sgd } from "../optim/sgd.js";
import type { OptimizerRecipe } from "../recipe/sections.js";

/** From a recipe's fifth section to the optimizer that it describes. */
export function buildOptimizer(optimizer: OptimizerRecipe): Optimizer {
  switch (optimizer.kind) {
    case "adamw":
      return adamw(optimizer);
    case "sgd":
      return sgd(optimizer);
    case "muon": {
      const { lr, adamwLr = lr, betas, momentum, weightDecay } = optimizer;
      return muon({ lr, momentum, weightDecay, adamw: { lr: adamwLr, betas } });
    }
  }
}
