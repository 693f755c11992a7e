import { environment } from "./stages/environment";

export = environment(__dirname);
