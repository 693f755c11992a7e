import { host } from "../stages/environment";

export = host();
