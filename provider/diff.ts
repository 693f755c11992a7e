import * as messages from "@pulumi/pulumi/proto/provider_pb";
import type { Change } from "./resource";
import type { Decoded } from "./values";

/** The protocol's answer for a change: what a preview shows of it, property by property. */
export function diffResponse(change: Change, before: Decoded, news: Decoded): messages.DiffResponse {
  const response = new messages.DiffResponse();
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = messages.PropertyDiff.Kind;
  const [updates, replaces] = [change.updates ?? [], change.replaces ?? []];
  for (const path of new Set([...updates, ...replaces])) {
    const top = path.split(/[.[]/)[0] ?? path;
    const [was, is] = [Object.hasOwn(before.values, top), Object.hasOwn(news.values, top)];
    const replace = replaces.includes(path);
    const detail = new messages.PropertyDiff();
    detail.setKind(
      was === is ? (replace ? UPDATE_REPLACE : UPDATE) : was ? (replace ? DELETE_REPLACE : DELETE) : replace ? ADD_REPLACE : ADD,
    );
    detail.setInputdiff(was || is);
    response.getDetaileddiffMap().set(path, detail);
    response.addDiffs(top);
  }
  response.setReplacesList([...replaces]);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(change.deleteBeforeReplace ?? false);
  response.setChanges(
    updates.length + replaces.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE,
  );
  return response;
}
