#include "cli/apply_remote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "client/json_slice.hpp"
#include "flow/flow_file.hpp"
#include "flow/text_file.hpp"

namespace cordyna::cli {
namespace {

bool is_sent(const PlannedFlow& planned) {
  return planned.fate == FlowFate::kAdded || planned.fate == FlowFate::kChanged;
}

/// The members of the body, but for how it is meant. Empty: there is nothing to send.
Result<std::string> files_as_json(const FlowFolder& found, const ApplyPlan& plan) {
  std::string out;
  for (const FolderFlow& one : found.flows) {
    const auto planned = std::ranges::find_if(plan.flows, [&one](const PlannedFlow& other) {
      return other.ns == one.flow->ns && other.id == one.flow->id;
    });
    if (planned == plan.flows.end() || !is_sent(*planned)) continue;
    out += out.empty() ? "\"files\":[{\"name\":" : ",{\"name\":";
    append_json(out, path_of(one));
    out += ",\"text\":";
    append_json(out, one.text);
    out += '}';
  }
  return out.empty() ? out : out + ']';
}

/// Whether the server made of each flow what this machine does.
Result<> check_hashes(const client::JsonSlice& answer, const ApplyPlan& plan,
                      const client::ApiClient& client) {
  std::vector<std::string> others;
  const auto flows = answer.member("flows").items();
  for (const PlannedFlow& planned : plan.flows) {
    if (!is_sent(planned)) continue;
    const std::string name = flow_name(planned.ns, planned.id);
    const auto there = std::ranges::find_if(
        flows, [&name](const client::JsonSlice& one) { return one.text("flow") == name; });
    if (there == flows.end() || there->text("hash") != planned.flow->hash) {
      others.push_back(printable(name));
    }
  }
  if (others.empty()) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("nothing is applied: server {} would make something else of {}. It takes "
                          "things from defaults.yaml, contracts or connections beside it, and a "
                          "server has only the flow's own file; write them into the flow, or let "
                          "'dyna up DIR' there apply the folder",
                          printable(client.shown()), fmt::join(others, ", ")));
}

}  // namespace

Result<ApplyPlan> plan_for_server(const Side& side, const FlowFolder& found) {
  AppliedFilter filter;
  filter.removed = true;
  TRY_ASSIGN(std::vector<AppliedFlowRow> present, all_applied(*side.reader, filter));
  // The folder of a server's flow is the server's, and no difference.
  for (AppliedFlowRow& row : present) {
    const auto here = std::ranges::find_if(found.flows, [&row](const FolderFlow& one) {
      return one.flow->ns == row.ns && one.flow->id == row.flow_id;
    });
    if (here != found.flows.end()) row.folder = here->flow->folder;
  }
  ApplyPlan plan = plan_apply(present, found, false);
  std::erase_if(plan.flows,
                [](const PlannedFlow& planned) { return planned.fate == FlowFate::kMissing; });
  return plan;
}

Result<> apply_at_server(const client::ApiClient& client, const FlowFolder& found,
                         const ApplyPlan& plan) {
  TRY_ASSIGN(const std::string files, files_as_json(found, plan));
  if (files.empty()) return {};
  // Applying the same content again changes nothing, so that both may be repeated.
  client::Write write{.path = "/flows", .body = "{" + files + ",\"dry_run\":true}", .key = "apply"};
  TRY_ASSIGN(const std::string planned, client.send(write));
  TRY_ASSIGN(const client::JsonSlice json, client::JsonSlice::parse(planned));
  TRY(check_hashes(json, plan, client));
  write.body = "{" + files + "}";
  TRY(client.send(write));
  return {};
}

Result<> refuse_prune_at_server(const Side& side, bool prune) {
  if (!prune || !side.server.has_value()) return {};
  return fail(ErrorCode::kInvalidArgument,
              "--prune goes by the folder that a flow came from, which a server does not have: "
              "'dyna flows remove NAME' removes one there");
}

}  // namespace cordyna::cli
