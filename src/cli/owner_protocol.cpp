#include "cli/owner_protocol.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::cli {
namespace {

namespace json = boost::json;

constexpr std::array kOps = {
    OwnerOp::kSubmit,        OwnerOp::kRerun,          OwnerOp::kResume,
    OwnerOp::kCancel,        OwnerOp::kFollow,         OwnerOp::kApprove,
    OwnerOp::kReject,        OwnerOp::kApply,          OwnerOp::kEventReplay,
    OwnerOp::kEventDrop,     OwnerOp::kBackfill,       OwnerOp::kBackfillTakeUp,
    OwnerOp::kBackfillPause, OwnerOp::kBackfillResume, OwnerOp::kBackfillCancel,
    OwnerOp::kDrives,        OwnerOp::kKeeps,          OwnerOp::kFlowDisable,
    OwnerOp::kFlowEnable};
constexpr std::array kCodes = {ErrorCode::kInvalidArgument, ErrorCode::kNotFound,
                               ErrorCode::kConflict,        ErrorCode::kUnavailable,
                               ErrorCode::kCorrupt,         ErrorCode::kCancelled,
                               ErrorCode::kInternal};

std::optional<json::object> parse_object(std::string_view line) {
  json::error_code error;
  json::value value = json::parse(json::string_view(line.data(), line.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string().data(), value->get_string().size());
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// As JSON would have it, byte for byte: what is in a flow must arrive as it is.
void append_member(std::string& out, std::string_view key, const std::string& value) {
  out += ",\"";
  out += key;
  out += "\":";
  out += json::serialize(json::string_view(value));
}

bool flag_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// Of something there is one already, which has a number.
bool names_a_number(OwnerOp op) {
  return op == OwnerOp::kRerun || steers_backfill(op) || settles_event(op);
}

void append_rerun(std::string& out, const OwnerRequest& request) {
  append_member(out, "inputs", request.inputs);
  json::array taken;
  for (const std::string& path : request.taken) taken.emplace_back(path);
  out += ",\"taken\":" + json::serialize(taken);
  if (request.canonical.empty()) return;
  append_member(out, "folder", request.folder);
  append_member(out, "canonical", request.canonical);
}

void append_backfill(std::string& out, const BackfillRow& row) {
  append_member(out, "trigger", row.trigger);
  fmt::format_to(std::back_inserter(out),
                 ",\"begin\":{},\"end\":{},\"every\":{},\"parallel\":{},\"total\":{},"
                 "\"only_missing\":{},\"newest_first\":{}",
                 row.begin, row.end, row.every, row.parallel, row.total, row.only_missing,
                 row.newest_first);
}

Result<> read_backfill(const json::object& object, BackfillRow& row) {
  row.trigger = text_of(object, "trigger");
  row.begin = number_of(object, "begin");
  row.end = number_of(object, "end");
  row.every = number_of(object, "every");
  const std::int64_t parallel = number_of(object, "parallel");
  const std::int64_t total = number_of(object, "total");
  row.only_missing = flag_of(object, "only_missing");
  row.newest_first = flag_of(object, "newest_first");
  if (row.begin >= row.end || row.every < 0 || row.trigger.empty() != (row.every > 0) ||
      parallel < 1 || parallel > kBackfillParallelMax || total < 0 || total > kBackfillTimesMax) {
    return fail(ErrorCode::kInvalidArgument, "'backfill' says what makes no sense");
  }
  row.parallel = static_cast<std::uint32_t>(parallel);
  row.total = static_cast<std::uint32_t>(total);
  return {};
}

void append_flows(std::string& out, const std::vector<FlowChange>& flows) {
  out += ",\"flows\":[";
  for (const FlowChange& flow : flows) {
    if (&flow != flows.data()) out += ',';
    fmt::format_to(std::back_inserter(out), "{{\"from\":{},\"was_removed\":{}", flow.from,
                   flow.was_removed);
    append_member(out, "namespace", flow.ns);
    append_member(out, "id", flow.flow_id);
    append_member(out, "canonical", flow.canonical);
    append_member(out, "folder", flow.folder);
    append_member(out, "file", flow.file);
    append_member(out, "source", flow.source.text);
    out += '}';
  }
  out += ']';
}

Result<> read_flows(const json::object& object, std::vector<FlowChange>& flows) {
  const json::value* value = object.if_contains("flows");
  if (value != nullptr && value->is_array()) {
    for (const json::value& one : value->get_array()) {
      if (!one.is_object()) continue;
      const json::object& flow = one.get_object();
      flows.push_back({text_of(flow, "namespace"),
                       text_of(flow, "id"),
                       number_of(flow, "from"),
                       flag_of(flow, "was_removed"),
                       text_of(flow, "canonical"),
                       text_of(flow, "folder"),
                       text_of(flow, "file"),
                       {}});
      flows.back().source = source_of(text_of(flow, "source"));
      if (flows.back().flow_id.empty() || flows.back().from < 0) {
        return fail(ErrorCode::kInvalidArgument, "'flows' says what makes no sense");
      }
    }
  }
  if (flows.empty()) return fail(ErrorCode::kInvalidArgument, "'apply' needs 'flows'");
  return {};
}

void read_taken(const json::object& object, std::vector<std::string>& taken) {
  const json::value* value = object.if_contains("taken");
  if (value == nullptr || !value->is_array()) return;
  for (const json::value& path : value->get_array()) {
    if (path.is_string()) taken.emplace_back(path.get_string().data(), path.get_string().size());
  }
}

bool decides(OwnerOp op) {
  return op == OwnerOp::kApprove || op == OwnerOp::kReject;
}

Result<OwnerOp> parse_op(std::string_view word) {
  for (const OwnerOp op : kOps) {
    if (to_string(op) == word) return op;
  }
  return fail(ErrorCode::kInvalidArgument, fmt::format("unknown op '{}'", printable(word)));
}

}  // namespace

bool settles_event(OwnerOp op) {
  return op == OwnerOp::kEventReplay || op == OwnerOp::kEventDrop;
}

bool switches_flow(OwnerOp op) {
  return op == OwnerOp::kFlowDisable || op == OwnerOp::kFlowEnable;
}

bool steers_backfill(OwnerOp op) {
  return op > OwnerOp::kBackfill;
}

std::string_view to_string(OwnerOp op) {
  switch (op) {
    case OwnerOp::kSubmit: return "submit";
    case OwnerOp::kRerun: return "rerun";
    case OwnerOp::kResume: return "resume";
    case OwnerOp::kCancel: return "cancel";
    case OwnerOp::kFollow: return "follow";
    case OwnerOp::kDrives: return "drives";
    case OwnerOp::kKeeps: return "keeps";
    case OwnerOp::kApprove: return "approve";
    case OwnerOp::kReject: return "reject";
    case OwnerOp::kApply: return "apply";
    case OwnerOp::kEventReplay: return "event_replay";
    case OwnerOp::kEventDrop: return "event_drop";
    case OwnerOp::kFlowDisable: return "flow_disable";
    case OwnerOp::kFlowEnable: return "flow_enable";
    case OwnerOp::kBackfill: return "backfill";
    case OwnerOp::kBackfillTakeUp: return "backfill_take_up";
    case OwnerOp::kBackfillPause: return "backfill_pause";
    case OwnerOp::kBackfillResume: return "backfill_resume";
    case OwnerOp::kBackfillCancel: return "backfill_cancel";
  }
  return "";
}

std::string encode(const OwnerRequest& request) {
  std::string out = fmt::format(
      "{{\"version\":{},\"op\":\"{}\",\"run\":\"{}\",\"follow\":{},\"after\":{}", kOwnerProtocol,
      to_string(request.op), request.run.value, request.follow, request.after);
  if (names_a_number(request.op)) out += fmt::format(",\"of\":{}", request.of);
  if (request.op == OwnerOp::kRerun) append_rerun(out, request);
  if (request.op == OwnerOp::kApply) append_flows(out, request.flows);
  if (request.op == OwnerOp::kBackfill) append_backfill(out, request.backfill);
  if (request.op == OwnerOp::kSubmit || request.op == OwnerOp::kBackfill) {
    append_member(out, "folder", request.folder);
    append_member(out, "canonical", request.canonical);
    append_member(out, "inputs", request.inputs);
  }
  if (request.no_cache) out += ",\"no_cache\":true";
  if (request.op == OwnerOp::kKeeps || switches_flow(request.op)) {
    append_member(out, "flow", request.flow_id);
    append_member(out, "namespace", request.ns);
  }
  if (decides(request.op)) {
    append_member(out, "task", request.task);
    append_member(out, "by", request.by);
    append_member(out, "note", request.note);
    if (!request.inputs.empty()) append_member(out, "inputs", request.inputs);
  }
  if (settles_event(request.op) || switches_flow(request.op)) {
    append_member(out, "by", request.by);
  }
  if (switches_flow(request.op)) append_member(out, "note", request.note);
  out += "}\n";
  return out;
}

Result<OwnerRequest> decode_request(std::string_view line) {
  const auto object = parse_object(line);
  if (!object.has_value()) return fail(ErrorCode::kInvalidArgument, "not a JSON object");
  const std::int64_t version = number_of(*object, "version");
  if (version != kOwnerProtocol) {
    return fail(ErrorCode::kConflict,
                fmt::format("the owner of this state speaks protocol version {}, this dyna "
                            "version {}: use the same version of dyna for both",
                            kOwnerProtocol, version));
  }
  OwnerRequest request;
  TRY_ASSIGN(request.op, parse_op(text_of(*object, "op")));
  request.run.value = text_of(*object, "run");
  const bool names_no_run = steers_backfill(request.op) || settles_event(request.op) ||
                            switches_flow(request.op) || request.op == OwnerOp::kKeeps;
  if (!names_no_run && !is_uuid(request.run.value)) {
    return fail(ErrorCode::kInvalidArgument, "'run' is not the id of a run");
  }
  const json::value* follow = object->if_contains("follow");
  request.follow = follow != nullptr && follow->is_bool() && follow->get_bool();
  request.after = number_of(*object, "after");
  request.folder = text_of(*object, "folder");
  request.canonical = text_of(*object, "canonical");
  request.inputs = text_of(*object, "inputs");
  request.flow_id = text_of(*object, "flow");
  request.ns = text_of(*object, "namespace");
  request.task = text_of(*object, "task");
  request.by = text_of(*object, "by");
  request.note = text_of(*object, "note");
  request.of = number_of(*object, "of");
  request.no_cache = flag_of(*object, "no_cache");
  read_taken(*object, request.taken);
  if (names_a_number(request.op) && request.of <= 0) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' needs 'of'", to_string(request.op)));
  }
  if (request.op == OwnerOp::kApply) TRY(read_flows(*object, request.flows));
  if (request.op == OwnerOp::kBackfill) TRY(read_backfill(*object, request.backfill));
  const bool needs_who =
      decides(request.op) || settles_event(request.op) || switches_flow(request.op);
  if (needs_who && request.by.empty()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' needs 'by'", to_string(request.op)));
  }
  const bool brings_a_flow = request.op == OwnerOp::kSubmit || request.op == OwnerOp::kBackfill;
  if (brings_a_flow && (request.canonical.empty() || request.folder.empty())) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' needs 'canonical' and 'folder'", to_string(request.op)));
  }
  return request;
}

std::string encode_answer(const Result<RunNo>& answer) {
  if (answer.has_value()) return fmt::format("{{\"ok\":true,\"run\":{}}}\n", *answer);
  std::string out =
      fmt::format("{{\"error\":{{\"code\":\"{}\",\"message\":", to_string(answer.error().code));
  append_json(out, answer.error().message);
  out += "}}\n";
  return out;
}

Result<RunNo> decode_answer(std::string_view line) {
  const auto object = parse_object(line);
  if (!object.has_value()) return fail(ErrorCode::kCorrupt, "the owner's answer is not JSON");
  const json::value* error = object->if_contains("error");
  if (error != nullptr && error->is_object()) {
    const std::string code = text_of(error->get_object(), "code");
    for (const ErrorCode known : kCodes) {
      if (to_string(known) == code) return fail(known, text_of(error->get_object(), "message"));
    }
    return fail(ErrorCode::kInternal, text_of(error->get_object(), "message"));
  }
  const std::int64_t run = number_of(*object, "run");
  if (run <= 0) return fail(ErrorCode::kCorrupt, "the owner's answer names no run");
  return run;
}

}  // namespace cordyna::cli
