// Runs: started, cancelled, run again, decided about.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "flow/flow_file.hpp"
#include "flow/given_json.hpp"
#include "model/run_fields.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/routes.hpp"
#include "service/held_answers.hpp"
#include "service/rerun_plan.hpp"

namespace cordyna::server {
namespace {

/// Of inputs that come over the network.
flow::InputPlaces places_of(Api& api) {
  flow::InputPlaces places;
  places.option = "'inputs'";
  places.bounds = &api.parts().files;
  return places;
}

/// {"run":12,"id":"…"}
HttpResponse started(const Call& call, RunNo no, const RunId& id) {
  HttpResponse response{call.route->status, {{"Content-Type", "application/json"}}, {}};
  response.headers.push_back({"Location", fmt::format("/api/v1/runs/{}", no)});
  response.body = fmt::format("{{\"run\":{},\"id\":\"{}\"}}\n", no, id.value);
  return response;
}

/// What follows a number that cerebro gives.
auto answer_with(Call& call, RunId id) {
  return [call = std::make_shared<Call>(std::move(call)),
          id = std::move(id)](Result<std::int64_t> no) mutable {
    if (!no.has_value()) return call->refuse(no.error());
    call->answer(started(*call, *no, id));
  };
}

/// As above, of a run that is there already.
auto answer_about(Call& call, const RunRow& run) {
  return [answer = answer_with(call, run.id), no = run.no](Result<std::int64_t> done) mutable {
    if (done.has_value()) done = no;
    answer(std::move(done));
  };
}

std::unexpected<Error> key_is_taken() {
  return fail(ErrorCode::kConflict, "the Idempotency-Key was used for something else");
}

/// What a request with an Idempotency-Key asks for, to be compared with the run that has its id.
struct Asked {
  std::shared_ptr<const Flow> flow;
  std::string given;   ///< JSON object
  std::string inputs;  ///< JSON object, resolved
};

/// Whether it is asked for again. What was not given and has a default that names the run is
/// another text each time, and no difference.
bool is_same(const Asked& asked, const RunRow& run) {
  namespace json = boost::json;
  const Flow& flow = *asked.flow;
  if (run.flow_id != flow.id || run.ns != flow.ns) return false;
  boost::system::error_code error;
  const json::value given = json::parse(asked.given, error);
  const json::value now = json::parse(asked.inputs, error);
  const json::value before = json::parse(run.inputs, error);
  if (!given.is_object() || !now.is_object() || !before.is_object()) return false;
  return std::ranges::all_of(flow.inputs, [&](const InputSpec& input) {
    const json::value* const one = now.get_object().if_contains(input.id);
    const json::value* const other = before.get_object().if_contains(input.id);
    if (one == nullptr || other == nullptr) return one == other;
    if (*one == *other) return true;
    return !given.get_object().contains(input.id) && input.default_value.contains("{{");
  });
}

/// Cerebro calls it with the run that is there: also one that it began a moment ago, of which no
/// reader knows yet.
auto agrees_with(Asked asked) {
  return [asked = std::move(asked)](const RunRow& run) -> Result<> {
    if (is_same(asked, run)) return {};
    return key_is_taken();
  };
}

/// What a caller wishes of a rerun.
struct AskedRerun {
  std::string from;    // a task's path, or empty
  std::string inputs;  // a JSON object; empty: those of the run
  bool latest = false;
};

struct MadeRerun {
  RerunVersion version;
  RerunPlan plan;
};

Result<MadeRerun> make_rerun(Api& api, const RunRow& run, const RunId& id, AskedRerun asked) {
  const FlowLoader loader = [&api](std::string_view canonical, std::string_view folder) {
    return api.flows().load(canonical, folder);
  };
  MadeRerun made;
  TRY_ASSIGN(made.version, rerun_version(api.reader(), loader, run, asked.latest));
  TRY_ASSIGN(const RunSnapshot snapshot, api.reader().load_run(run.no));
  RerunWish wish;
  wish.from = std::move(asked.from);
  wish.bounds = &api.parts().files;
  if (!asked.inputs.empty()) {
    TRY_ASSIGN(wish.with, flow::given_of_json(*made.version.flow, asked.inputs));
  }
  const std::string context =
      fmt::format(R"({{"run":{{{}}}}})", run_fields(id, run.created_at, run.scheduled));
  TRY_ASSIGN(made.plan, plan_rerun(api.parts().layout, made.version, snapshot, wish, context));
  return made;
}

/// Of an approval: what the task gets.
Result<HeldAnswers> answers_of(Api& api, const Call& call, const RunRow& run) {
  TRY_ASSIGN(const FlowVersionRow version, api.reader().find_flow(run.flow_hash));
  TRY_ASSIGN(const std::shared_ptr<const Flow> flow,
             api.flows().load(version.canonical, run.folder));
  TRY_ASSIGN(const RunSnapshot snapshot, api.reader().load_run(run.no));
  HeldWish wish{.task = call.body.text("task"), .with = {}, .json = call.body.json("inputs")};
  wish.places = places_of(api);
  return held_answers(*flow, snapshot, wish);
}

/// What templates see of a run that begins now.
std::string context_of(const RunId& id, Millis now) {
  return fmt::format(R"({{"run":{{{}}}}})", run_fields(id, now, {}));
}

}  // namespace

void start_run(Api& api, Call& call) {
  const std::string ns = call.ns();
  const std::string& name = call.value("flow");
  const auto row = api.reader().find_applied(ns, name);
  if (!row.has_value()) return call.refuse(row.error());
  if (row->removed_at > 0) {
    return call.refuse(
        problem("not_found", fmt::format("flow '{}' was removed", flow_name(ns, name))));
  }
  auto version = api.reader().find_flow(row->hash);
  if (!version.has_value()) return call.refuse(version.error());
  auto flow = api.flows().load(version->canonical, row->folder);
  if (!flow.has_value()) return call.refuse(flow.error());

  const Millis now = api.now();
  const auto keyed = id_for(call, now);
  if (!keyed.has_value()) return;
  const RunId* const id = &keyed->id;
  std::string given = call.body.json("inputs");
  if (given.empty()) given = "{}";
  auto inputs = flow::subflow_inputs(**flow, given, context_of(*id, now), places_of(api));
  if (!inputs.has_value()) return call.refuse(inputs_problem(inputs.error()));
  RunRequest request;
  if (keyed->keyed) {
    request.agrees = agrees_with({*flow, given, *inputs});
    // Who asks again is answered while nothing new is begun, too.
    const auto known = api.reader().find_run(*id);
    if (known.has_value()) {
      if (const auto same = request.agrees(*known); !same.has_value()) {
        return call.refuse(same.error());
      }
      return call.answer(started(call, known->no, *id));
    }
  }
  if (const auto refused = api.gate().refuse_runs(call.caller, 1, now); refused.has_value()) {
    return call.refuse(*refused);
  }
  request.id = *id;
  request.flow = std::move(*flow);
  request.canonical = std::move(version->canonical);
  request.inputs = *inputs;
  request.no_cache = call.body.flag("no_cache");
  AuditNote note =
      note_of(call, "run", ns, {},
              fmt::format("{{\"flow\":\"{}\",\"inputs\":{}}}", flow_name(ns, name), *inputs));
  note.numbered = true;
  api.ask(std::move(request), std::move(note), answer_with(call, *id));
}

void rerun_run(Api& api, Call& call) {
  auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto keyed = id_for(call, api.now());
  if (!keyed.has_value()) return;
  const RunId* const id = &keyed->id;
  const bool latest = call.body.flag("latest");
  auto made =
      make_rerun(api, *run, *id, {call.body.text("from"), call.body.json("inputs"), latest});
  if (!made.has_value()) return call.refuse(inputs_problem(made.error()));
  if (const auto refused = api.gate().refuse_runs(call.caller, 1, api.now()); refused.has_value()) {
    return call.refuse(*refused);
  }
  RerunRequest request;
  request.id = *id;
  request.of = run->no;
  // Where it begins again is in no row of it: that alone makes no other one.
  request.agrees = [of = run->no, inputs = made->plan.inputs](const RunRow& known) -> Result<> {
    if (known.rerun_of == of && known.inputs == inputs) return {};
    return key_is_taken();
  };
  request.inputs = std::move(made->plan.inputs);
  request.taken = std::move(made->plan.tasks.taken);
  if (latest) {
    request.flow = std::move(made->version.flow);
    request.canonical = std::move(made->version.canonical);
  }
  request.no_cache = call.body.flag("no_cache");
  AuditNote note =
      note_of(call, "run", run->ns, {},
              fmt::format("{{\"rerun_of\":{}{}}}", run->no, latest ? ",\"latest\":true" : ""));
  note.numbered = true;
  api.ask(std::move(request), std::move(note), answer_with(call, *id));
}

void plan_rerun_of(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto made =
      make_rerun(api, *run, RunId{make_uuid7(api.now())},
                 {call.query_value("from").value_or(""), {}, call.query_flag("latest")});
  if (!made.has_value()) return call.refuse(inputs_problem(made.error()));
  std::string out = fmt::format("{{\"rerun_of\":{}", run->no);
  const auto list = [&out](std::string_view key, const std::vector<std::string>& tasks) {
    out += fmt::format(",\"{}\":[", key);
    for (const std::string& task : tasks) {
      if (&task != tasks.data()) out += ',';
      append_json(out, task);
    }
    out += ']';
  };
  list("taken", made->plan.tasks.taken);
  list("again", made->plan.tasks.again);
  call.answer(out + '}');
}

void cancel_run(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  AuditNote note = note_of(call, fmt::format("run {}", run->no), run->ns,
                           fmt::format("{{\"state\":\"{}\"}}", to_string(run->state)));
  api.ask(CancelRequest{run->id}, std::move(note), answer_about(call, *run));
}

void decide_task(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  engine::HoldDecision decision;
  decision.path = call.body.text("task");
  decision.approve = call.body.text("decision") == "approve";
  decision.by = call.caller.user.empty() ? call.caller.actor : call.caller.user;
  decision.note = call.body.text("note");
  if (decision.approve) {
    auto answers = answers_of(api, call, *run);
    if (!answers.has_value()) return call.refuse(inputs_problem(answers.error()));
    // The one that they were checked for, also where another one is held by now.
    decision.path = std::move(answers->path);
    decision.values = std::move(answers->values);
  } else if (!call.body.json("inputs").empty()) {
    return call.refuse(bad_request({{"#/inputs", "is for an approval alone"}}));
  }
  AuditNote note = note_of(call, fmt::format("run {}", run->no), run->ns, {},
                           fmt::format("{{\"decision\":\"{}\"}}", call.body.text("decision")));
  api.ask(DecideRequest{run->id, std::move(decision)}, std::move(note), answer_about(call, *run));
}

}  // namespace cordyna::server
