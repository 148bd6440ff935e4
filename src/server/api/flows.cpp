// Flows: listed, looked at, checked, applied, disabled, removed.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "base/json_text.hpp"
#include "flow/flow_file.hpp"
#include "server/api/flow_edit.hpp"
#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/apply_plan.hpp"
#include "service/flow_diff.hpp"
#include "service/json.hpp"
#include "service/need_plan.hpp"

namespace cordyna::server {
namespace {

/// A flow that was applied over the network lies in no folder of a user: it gets one of the state.
std::string folder_for(const StateLayout& layout) {
  std::error_code error;
  const std::string folder =
      std::filesystem::absolute(layout.folder(), error).lexically_normal().string() + "/flows";
  std::filesystem::create_directories(folder, error);
  return folder;
}

void append_diagnostics(std::string& out, const std::vector<flow::Diagnostic>& found) {
  out += "\"diagnostics\":[";
  for (const flow::Diagnostic& one : found) {
    if (&one != found.data()) out += ",\n";
    fmt::format_to(std::back_inserter(out), "{{\"severity\":\"{}\",\"file\":",
                   one.severity == flow::Severity::kError ? "error" : "warning");
    append_json(out, one.file);
    fmt::format_to(std::back_inserter(out),
                   ",\"line\":{},\"column\":{},\"code\":\"{}\",\"message\":", one.line, one.column,
                   one.code);
    append_json(out, one.message);
    out += '}';
  }
  out += ']';
}

/// The applied flow that the path names; nullopt: the call is refused.
std::optional<AppliedFlowRow> flow_of(Api& api, Call& call) {
  auto row = api.reader().find_applied(call.ns(), call.value("flow"));
  if (row.has_value()) return std::move(*row);
  call.refuse(row.error());
  return std::nullopt;
}

/// {"flow":…,"source":"…","canonical":{…}}
void answer_with_version(Api& api, Call& call, const AppliedFlowRow& row) {
  const auto version = api.reader().find_flow(row.hash);
  if (!version.has_value()) return call.refuse(version.error());
  std::string out;
  append_flow(out, row);
  out.pop_back();
  append_follow(out, api, call.caller, row.ns);
  out += ',';
  if (!row.source.empty()) {
    const auto source = api.reader().find_source(row.source);
    if (!source.has_value()) return call.refuse(source.error());
    out += "\"source\":";
    append_json(out, *source);
    out += ',';
  }
  out += "\"canonical\":" + version->canonical + '}';
  call.answer(std::move(out));
}

struct GivenFile {
  std::string name;
  std::string text;
};

std::vector<GivenFile> files_of(const JsonBody& body) {
  std::vector<GivenFile> files;
  for (const JsonBody& one : body.objects("files")) {
    files.push_back({one.text("name"), one.text("text")});
  }
  return files;
}

/// The flows of a body, read.
struct Given {
  FlowFolder found;
  std::vector<flow::Diagnostic> diagnostics;
  std::map<std::pair<std::string, std::string>, std::string>
      files;  ///< of those that are of a branch
};

/// A flow that the caller may change, where it belongs. An error: the call is refused with it.
std::optional<Problem> take_given(Api& api, const Call& call, GivenFile file, flow::Parsed parsed,
                                  Given& given) {
  const std::string ns = parsed.flow->ns;
  const std::string id = parsed.flow->id;
  if (!call.caller.may(Role::kAuthor, ns)) {
    return problem(
        "forbidden",
        fmt::format("flow '{}': this wants the role author in its namespace", flow_name(ns, id)));
  }
  const auto same = [&](const FolderFlow& one) { return one.flow->ns == ns && one.flow->id == id; };
  if (std::ranges::any_of(given.found.flows, same)) {
    return problem("invalid",
                   fmt::format("two of the files have the flow '{}'", flow_name(ns, id)));
  }
  const auto edit = edit_of(api, ns, id, file.text);
  if (!edit.has_value()) return problem_of(edit.error());
  if (edit->has_value()) {
    // What it names lies where the branch's files lie.
    parsed = flow::parse(file.text, file.name, (*edit)->folder, api.parts().plugin_types);
    given.files[{ns, id}] = (*edit)->file;
  }
  given.diagnostics.insert(given.diagnostics.end(), parsed.diagnostics.begin(),
                           parsed.diagnostics.end());
  if (parsed.flow == nullptr) return std::nullopt;
  given.found.flows.push_back(
      {file.name, std::move(parsed.flow), std::move(parsed.canonical), std::move(file.text)});
  return std::nullopt;
}

/// Nullopt: all of them are right.
std::optional<Problem> read_given(Api& api, const Call& call, Given& given) {
  const std::string folder = folder_for(api.parts().layout);
  for (GivenFile& file : files_of(call.body)) {
    flow::Parsed parsed = flow::parse(file.text, file.name, folder, api.parts().plugin_types);
    if (parsed.flow == nullptr) {
      given.diagnostics.insert(given.diagnostics.end(), parsed.diagnostics.begin(),
                               parsed.diagnostics.end());
      continue;
    }
    auto refused = take_given(api, call, std::move(file), std::move(parsed), given);
    if (refused.has_value()) return refused;
  }
  Problem refused = problem("invalid", "nothing was applied: the flows have errors");
  for (const flow::Diagnostic& one : given.diagnostics) {
    if (one.severity != flow::Severity::kError) continue;
    refused.flaws.push_back({fmt::format("{}:{}:{}", one.file, one.line, one.column), one.message});
  }
  if (refused.flaws.empty()) return std::nullopt;
  return refused;
}

/// Of a namespace that is not the caller's nothing is told but that something of it is needed.
void hide_from(const Caller& caller, std::vector<PlannedRun>& plan) {
  bool hides = false;
  for (PlannedRun& one : plan) {
    const std::string& name = one.of->flow;
    const std::size_t slash = name.rfind('/');
    if (caller.may(Role::kViewer, slash == std::string::npos ? "" : name.substr(0, slash)))
      continue;
    auto hidden = std::make_shared<FlowNeeds>();
    hidden->flow = name;
    one = {std::move(hidden), NeedFate::kHidden, 0, 0};
    hides = true;
  }
  if (!hides) return;
  std::set<std::string_view> named;
  for (const PlannedRun& one : plan) named.insert(one.of->needs.begin(), one.of->needs.end());
  std::erase_if(plan, [&named](const PlannedRun& one) {
    return one.fate == NeedFate::kHidden && !named.contains(one.of->flow);
  });
}

/// In a large network, all that is in it may have to be read.
void answer_plan(Api& api, Call& call, const AppliedFlowRow& row) {
  StoreReader& reader = *api.parts().plan_reader;
  const FlowOf find = [&](std::string_view ns,
                          std::string_view id) -> Result<std::shared_ptr<const Flow>> {
    TRY_ASSIGN(const AppliedFlowRow found, reader.find_applied(ns, id));
    if (found.removed_at != 0) return fail(ErrorCode::kNotFound, "it was removed");
    TRY_ASSIGN(const FlowVersionRow version, reader.find_flow(found.hash));
    return api.flows().load(version.canonical, found.folder);
  };
  const auto flow = find(row.ns, row.flow_id);
  if (!flow.has_value()) return call.refuse(flow.error());
  auto plan = api.parts().needs->plan(reader, find, **flow, api.now());
  if (!plan.has_value()) return call.refuse(plan.error());
  hide_from(call.caller, *plan);
  call.answer("{\"plan\":" + plan_as_json(*plan) + "}");
}

}  // namespace

void list_flows(Api& api, Call& call) {
  AppliedFilter filter;
  filter.ns = call.query_value("namespace");
  filter.flow_id = call.query_value("id").value_or("");
  filter.removed = call.query_flag("removed");
  if (const auto after = call.query_value("after")) {
    const std::size_t slash = after->rfind('/');
    filter.after_ns = slash == std::string::npos ? "" : after->substr(0, slash);
    filter.after_id = slash == std::string::npos ? *after : after->substr(slash + 1);
  }
  const auto limit = static_cast<std::size_t>(call.query_number("limit", kPageDefault));
  filter.limit = static_cast<std::uint32_t>(kPageMax);
  std::vector<AppliedFlowRow> shown;
  while (shown.size() <= limit) {
    const auto rows = api.reader().list_applied(filter);
    if (!rows.has_value()) return call.refuse(rows.error());
    for (const AppliedFlowRow& row : *rows) {
      if (shown.size() <= limit && call.caller.may(Role::kViewer, row.ns)) shown.push_back(row);
    }
    if (rows->size() < filter.limit) break;
    filter.after_ns = rows->back().ns;
    filter.after_id = rows->back().flow_id;
  }
  call.answer(page_as_json("flows", shown, limit, append_flow, [](const AppliedFlowRow& row) {
    return flow_name(row.ns, row.flow_id);
  }));
}

void show_flow(Api& api, Call& call) {
  const auto row = flow_of(api, call);
  if (row.has_value()) answer_with_version(api, call, *row);
}

void list_flow_versions(Api& api, Call& call) {
  const auto row = flow_of(api, call);
  if (!row.has_value()) return;
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault));
  const auto versions = api.reader().list_versions(
      {row->ns, row->flow_id, call.query_number("before", 0), limit + 1});
  if (!versions.has_value()) return call.refuse(versions.error());
  const auto counted = api.reader().count_runs(row->ns, row->flow_id);
  if (!counted.has_value()) return call.refuse(counted.error());
  std::map<std::string, std::int64_t> runs;
  for (const HashRuns& one : *counted) runs[one.hash] = one.runs;
  call.answer(page_as_json(
      "versions", *versions, limit,
      [&runs](std::string& out, const AppliedVersionRow& version) {
        append_version(out, version, runs[version.hash]);
      },
      [](const AppliedVersionRow& version) { return std::to_string(version.version); }));
}

void show_flow_version(Api& api, Call& call) {
  auto row = flow_of(api, call);
  if (!row.has_value()) return;
  const std::string& text = call.value("version");
  const bool is_number =
      text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
  const std::int64_t number = is_number ? std::stoll(text) : 0;
  const auto versions = api.reader().list_versions({row->ns, row->flow_id, number + 1, 1});
  if (!versions.has_value()) return call.refuse(versions.error());
  if (number < 1 || versions->empty() || versions->front().version != number) {
    return call.refuse(
        problem("not_found", fmt::format("flow '{}' has no version {}: it has 1 to {}",
                                         flow_name(row->ns, row->flow_id), text, row->version)));
  }
  const AppliedVersionRow& version = versions->front();
  // Of the present one it is the last text, whose comments may be others than at first.
  if (version.version != row->version) row->source = version.source;
  row->version = version.version;
  row->hash = version.hash;
  row->applied_at = version.applied_at;
  row->file = version.file;
  answer_with_version(api, call, *row);
}

void validate_flow(Api& api, Call& call) {
  const flow::Parsed parsed = flow::parse(call.body.text("text"), call.body.text("name"),
                                          folder_for(api.parts().layout), api.parts().plugin_types);
  std::string out = fmt::format("{{\"valid\":{},", parsed.flow != nullptr);
  if (parsed.flow != nullptr) {
    out += "\"flow\":";
    append_json(out, flow_name(parsed.flow->ns, parsed.flow->id));
    out += ',';
  }
  append_diagnostics(out, parsed.diagnostics);
  call.answer(out + '}');
}

void apply_flows(Api& api, Call& call) {
  Given given;
  if (const auto refused = read_given(api, call, given); refused.has_value()) {
    return call.refuse(*refused);
  }
  AppliedFilter filter;
  filter.removed = true;
  const auto present = all_applied(api.reader(), filter);
  if (!present.has_value()) return call.refuse(present.error());
  ApplyPlan plan = plan_apply(*present, given.found, false);
  for (PlannedFlow& planned : plan.flows) {
    const auto edit = given.files.find({planned.ns, planned.id});
    if (edit != given.files.end()) planned.file = edit->second;
  }
  std::string out = "{\"flows\":[";
  for (const PlannedFlow& planned : plan.flows) {
    if (&planned != plan.flows.data()) out += ",\n";
    out += '{';
    append_planned(out, planned);
    out += '}';
  }
  out += "],";
  append_diagnostics(out, given.diagnostics);
  out += '}';
  std::vector<FlowChange> changes = plan.changes();
  if (call.body.flag("dry_run") || changes.empty()) return call.answer(std::move(out));
  std::string names;
  for (const FlowChange& change : changes) {
    names += (names.empty() ? "" : ", ") + flow_name(change.ns, change.flow_id);
  }
  AuditNote note = note_of(call, "flows " + names, changes.front().ns, {}, out);
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(ApplyRequest{std::move(changes)}, std::move(note),
                    [kept, out = std::move(out)](Result<std::int64_t> done) mutable {
                      if (!done.has_value()) return kept->refuse(done.error());
                      kept->answer(std::move(out));
                    });
}

void remove_flow(Api& api, Call& call) {
  const auto row = flow_of(api, call);
  if (!row.has_value()) return;
  const std::string name = flow_name(row->ns, row->flow_id);
  if (row->removed_at > 0) {
    return call.refuse(problem("not_found", fmt::format("flow '{}' was removed", name)));
  }
  FlowChange change;
  change.ns = row->ns;
  change.flow_id = row->flow_id;
  change.from = row->version;
  const auto edit = edit_of(api, row->ns, row->flow_id, {});
  const bool is_git = parse_git_place(row->file).has_value();
  if (!edit.has_value() && is_git) return call.refuse(edit.error());
  if (edit.has_value() && edit->has_value() && is_git) change.file = (*edit)->file;
  std::string before;
  append_flow(before, *row);
  AuditNote note = note_of(call, "flow " + name, row->ns, std::move(before));
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(ApplyRequest{{std::move(change)}}, std::move(note),
                    [kept](const Result<std::int64_t>& done) {
                      if (!done.has_value()) return kept->refuse(done.error());
                      kept->answer(HttpResponse{204, {}, {}});
                    });
}

void switch_flow(Api& api, Call& call) {
  const auto row = flow_of(api, call);
  if (!row.has_value()) return;
  FlowSwitch what{row->ns, row->flow_id, call.body.flag("enabled"), {}, call.body.text("reason")};
  what.by = call.caller.user.empty() ? call.caller.actor : call.caller.user;
  std::string before;
  append_flow(before, *row);
  AuditNote note = note_of(call, "flow " + flow_name(row->ns, row->flow_id), row->ns,
                           std::move(before), as_json(what));
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(SwitchFlowRequest{std::move(what)}, std::move(note),
                    [kept](const Result<std::int64_t>& done) {
                      if (!done.has_value()) return kept->refuse(done.error());
                      kept->answer(HttpResponse{204, {}, {}});
                    });
}

void diff_flow(Api& api, Call& call) {
  const auto row = flow_of(api, call);
  if (!row.has_value()) return;
  const std::int64_t to = call.query_number("to", row->version);
  const std::int64_t from = call.query_number("from", to - 1);
  std::string texts[2];
  for (const std::int64_t number : {from, to}) {
    const auto versions = api.reader().list_versions({row->ns, row->flow_id, number + 1, 1});
    if (!versions.has_value()) return call.refuse(versions.error());
    if (number < 1 || versions->empty() || versions->front().version != number) {
      return call.refuse(problem("not_found", fmt::format("the flow has no version {}", number)));
    }
    auto stored = api.reader().find_flow(versions->front().hash);
    if (!stored.has_value()) return call.refuse(stored.error());
    texts[number == from ? 0 : 1] = std::move(stored->canonical);
  }
  if (from == to) texts[1] = texts[0];
  const auto diff = diff_flows(texts[0], texts[1]);
  if (!diff.has_value()) return call.refuse(diff.error());
  std::string out = fmt::format("{{\"flow\":{},\"from\":{},\"to\":{},",
                                json_string(flow_name(row->ns, row->flow_id)), from, to);
  append_diff(out, *diff);
  call.answer(out + '}');
}

void plan_flow(Api& api, Call& call) {
  auto row = flow_of(api, call);
  if (!row.has_value()) return;
  auto kept = std::make_shared<Call>(std::move(call));
  api.work([&api, kept, row = std::move(*row)] { answer_plan(api, *kept, row); });
}

void list_namespaces(Api& api, Call& call) {
  std::map<std::string, std::int64_t> flows;
  AppliedFilter filter;
  filter.limit = kPageMax;
  for (bool more = true; more;) {
    const auto rows = api.reader().list_applied(filter);
    if (!rows.has_value()) return call.refuse(rows.error());
    for (const AppliedFlowRow& row : *rows) {
      filter.after_ns = row.ns;
      filter.after_id = row.flow_id;
      if (call.caller.may(Role::kViewer, row.ns)) ++flows[row.ns];
    }
    more = rows->size() == filter.limit;
  }
  std::string out = "{\"namespaces\":[";
  for (const auto& [ns, count] : flows) {
    out += fmt::format("{}{{\"namespace\":{},\"flows\":{}}}", out.back() == '[' ? "" : ",\n",
                       json_string(ns), count);
  }
  call.answer(out + "]}");
}

}  // namespace cordyna::server
