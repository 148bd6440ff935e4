#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/remote_session.hpp"
#include "cli/run_lookup.hpp"
#include "cli/side.hpp"
#include "service/held_answers.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kAtOnceMax = 1000;

Result<Work> make_work(StoreReader& reader, const RunRow& run, OwnerOp op) {
  if (is_final(run.state)) {
    return fail(ErrorCode::kConflict, fmt::format("run {} has ended ({}); there is nothing to {}",
                                                  run.no, to_string(run.state), to_string(op)));
  }
  Work work;
  work.request.op = op;
  work.request.run = run.id;
  auto flow = load_flow(reader, run);
  if (flow.has_value()) work.flow = std::move(*flow);
  return work;
}

/// What is given to a pause, checked against what it asks for. Empty: it asks for nothing.
Result<std::string> answers(const Work& work, const RunSnapshot& snapshot,
                            const flow::GivenInputs& given) {
  if (work.flow == nullptr) {
    if (given.empty()) return std::string();
    return fail(ErrorCode::kConflict, "--with is for one task that is held; name it");
  }
  HeldWish wish{.task = work.request.task, .with = given};
  wish.places.folder = working_folder().value_or("");
  wish.places.option = "--with";
  TRY_ASSIGN(HeldAnswers found, held_answers(*work.flow, snapshot, wish));
  return std::move(found.values);
}

/// What a server is asked for, for what an owner would be.
RemoteWork remote_work(Work work, RunNo run) {
  const OwnerRequest& request = work.request;
  RemoteWork remote;
  remote.flow = std::move(work.flow);
  remote.after = work.after;
  if (request.op == OwnerOp::kCancel) {
    remote.write.path = fmt::format("/runs/{}/cancel", run);
    return remote;
  }
  remote.write.path = fmt::format("/runs/{}/decision", run);
  std::string& body = remote.write.body;
  body = request.op == OwnerOp::kApprove ? R"({"decision":"approve")" : R"({"decision":"reject")";
  const auto text = [&body](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    body += fmt::format(",\"{}\":", key);
    append_json(body, value);
  };
  text("task", request.task);
  text("note", request.note);
  if (!request.inputs.empty()) body += ",\"inputs\":" + request.inputs;
  body += '}';
  return remote;
}

CommandResult drive(CommandContext& context, Side side, std::vector<Work> work, RunNo run) {
  RenderOptions options;
  options.many_runs = work.size() > 1;
  // Who cancels wants to see it end, not what was said before.
  options.output = work.front().request.op != OwnerOp::kCancel;
  Signals signals;  // before any thread
  side.reader.reset();
  if (side.server.has_value()) {
    RemoteSession session(context, std::move(*side.server), signals,
                          make_renderer(context, options));
    return session.drive(remote_work(std::move(work.front()), run));
  }
  Session session(context.parts, side.layout, session_settings(context), signals, context.output,
                  make_renderer(context, options));
  return session.drive(std::move(work));
}

}  // namespace

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());  // NOLINT(concurrency-mt-unsafe): before any thread
  return user != nullptr ? user->pw_name : fmt::format("user {}", ::getuid());
}

CommandResult resume_command(CommandContext& context) {
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  std::vector<Work> work;
  {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    std::vector<RunRow> runs;
    if (context.arguments.run.empty()) {
      RunFilter filter;
      filter.unfinished = true;
      filter.limit = kAtOnceMax;
      TRY_ASSIGN(runs, reader->list_runs(filter));
    } else {
      TRY_ASSIGN(RunRow run, find_run(*reader, context.arguments.run));
      runs.push_back(std::move(run));
    }
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {  // the oldest first
      TRY_ASSIGN(Work one, make_work(*reader, *run, OwnerOp::kResume));
      work.push_back(std::move(one));
    }
  }
  if (work.empty()) {
    if (!context.arguments.json) context.output.write("all runs have ended: nothing to resume\n");
    return ExitCode::kOk;
  }
  Side side;
  side.layout = layout;
  return drive(context, std::move(side), std::move(work), 0);
}

CommandResult decide_command(CommandContext& context, bool approve) {
  TRY_ASSIGN(Side side, side_here(context));
  std::vector<Work> work;
  TRY_ASSIGN(const RunRow run, find_run(*side.reader, context.arguments.run));
  {
    TRY_ASSIGN(Work one,
               make_work(*side.reader, run, approve ? OwnerOp::kApprove : OwnerOp::kReject));
    TRY_ASSIGN(const RunSnapshot snapshot, side.reader->load_run(run.no));
    one.after = snapshot.history_seq;  // what was before is not news
    one.request.task = context.arguments.task;
    one.request.by = user_name();
    one.request.note = context.arguments.note;
    if (approve) {
      TRY_ASSIGN(one.request.inputs, answers(one, snapshot, context.arguments.inputs));
    }
    work.push_back(std::move(one));
  }
  TRY_ASSIGN(const ExitCode code, drive(context, std::move(side), std::move(work), run.no));
  // A run that ends in error because it was rejected did what it was asked for.
  return !approve && code == ExitCode::kRunError ? ExitCode::kOk : code;
}

CommandResult cancel_command(CommandContext& context) {
  TRY_ASSIGN(Side side, side_here(context));
  std::vector<Work> work;
  TRY_ASSIGN(const RunRow run, find_run(*side.reader, context.arguments.run));
  TRY_ASSIGN(Work one, make_work(*side.reader, run, OwnerOp::kCancel));
  TRY_ASSIGN(const RunSnapshot snapshot, side.reader->load_run(run.no));
  one.after = snapshot.history_seq;  // what was before is not news
  work.push_back(std::move(one));
  TRY_ASSIGN(const ExitCode code, drive(context, std::move(side), std::move(work), run.no));
  // It did what it was asked for.
  return code == ExitCode::kCancelled ? ExitCode::kOk : code;
}

}  // namespace cordyna::cli
