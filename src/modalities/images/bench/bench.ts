import { benchNetworks, networkTraining } from "./networks.js";

export const bench = { workloads: benchNetworks.map(networkTraining), sections: [] };
