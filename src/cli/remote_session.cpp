#include "cli/remote_session.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <utility>

#include "base/text.hpp"
#include "cli/remote_follow.hpp"
#include "cli/remote_tail.hpp"
#include "cli/summary.hpp"
#include "client/json_slice.hpp"
#include "client/remote_reader.hpp"

namespace cordyna::cli {
namespace {

/// What the view asks for goes on over a restart of the server, but not for ever.
constexpr Millis kViewPatience = 30'000;

}  // namespace

ViewParts remote_view_parts(const CommandContext& context, const client::ApiClient& client,
                            int cancel_fd) {
  client::ClientSettings settings = client.settings();
  settings.patience = kViewPatience;
  settings.cancel_fd = cancel_fd;
  const client::ApiClient asking = client.with(settings);
  const OpenReader open = [asking](const StateLayout&) -> Result<std::unique_ptr<StoreReader>> {
    return std::make_unique<client::RemoteReader>(asking);
  };
  return ViewParts{StateLayout(""), open, *context.parts.clock, context.output,
                   std::make_unique<RemoteTail>(asking)};
}

std::string server_words(const CommandContext& context) {
  const auto& option = context.words.option;
  if (!option.has_value()) return {};
  return option->empty() ? " --server" : " --server " + *option;
}

RemoteSession::RemoteSession(CommandContext& context, client::ApiClient client, Signals& signals,
                             std::unique_ptr<Renderer> renderer)
    : context_(context),
      client_(std::move(client)),
      signals_(signals),
      view_(remote_view_parts(context, client_, leaving_.get()), std::move(renderer)) {}

RemoteSession::~RemoteSession() = default;

Result<FollowedRun> RemoteSession::ask(const RemoteWork& work) {
  auto answer = client_.send(work.write);
  if (!answer.has_value()) {
    Error& error = answer.error();
    if (work.begins && error.code == ErrorCode::kUnavailable) {
      error.message += fmt::format("; whether the run has begun is not known: dyna runs{}",
                                   server_words(context_));
    }
    return std::unexpected<Error>(std::move(error));
  }
  TRY_ASSIGN(const client::JsonSlice json, client::JsonSlice::parse(*answer));
  FollowedRun run{json.number("run"), RunId{json.text("id")}, work.flow};
  if (run.no > 0) return run;
  return fail(ErrorCode::kCorrupt,
              fmt::format("server {}: its answer names no run", printable(client_.shown())));
}

Result<ExitCode> RemoteSession::drive(RemoteWork work) {
  auto asked = ask(work);
  if (!asked.has_value()) {
    view_.finish({});
    return std::unexpected<Error>(std::move(asked.error()));
  }
  const FollowedRun& run = *asked;
  view_.begin(run, false, work.after);
  {
    RemoteFollow follow(client_, run.no, work.after, view_,
                        [this](std::string text) { view_.note(std::move(text)); });
    std::array<pollfd, 2> fds{pollfd{signals_.fd(), POLLIN, 0}, pollfd{follow.fd(), POLLIN, 0}};
    while (fds[1].revents == 0) {
      ::poll(fds.data(), fds.size(), -1);
      if (fds[1].revents != 0) break;
      if (look_at_signals(run.no) == Wish::kNone) continue;
      leaving_.raise();
      view_.finish({});
      say_left(run.no);
      return ExitCode::kCancelled;
    }
    if (!follow.result().has_value()) {
      view_.finish({});
      say_left(run.no);
      return std::unexpected<Error>(follow.result().error());
    }
  }
  return end(run);
}

RemoteSession::Wish RemoteSession::look_at_signals(RunNo run) {
  for (auto signal = signals_.next(); signal.has_value(); signal = signals_.next()) {
    switch (*signal) {
      case Signal::kResized: view_.resized(); break;
      case Signal::kReload:
      case Signal::kLeave: return Wish::kLeave;
      case Signal::kInterrupt: {
        if (++interrupts_ > 1) return Wish::kLeave;
        view_.note("cancelling… (Ctrl-C again leaves the run to the server)");
        const auto done = client_.send({.path = fmt::format("/runs/{}/cancel", run)});
        if (!done.has_value()) view_.note("cancel: " + printable(done.error().message));
        break;
      }
    }
  }
  return Wish::kNone;
}

Result<ExitCode> RemoteSession::end(const FollowedRun& run) {
  client::RemoteReader reader(client_);
  const auto log = [&](const std::string& path, TaskIndex /*task*/, std::uint32_t attempt) {
    return remote_log_end(client_, run.no, path, attempt);
  };
  auto summary = load_summary(reader, LogEnd(log), run);
  if (!summary.has_value()) {
    view_.finish({});
    return std::unexpected<Error>(std::move(summary.error()));
  }
  const ExitCode code = exit_code(summary->run.state);
  std::vector<RunSummary> ends;
  ends.push_back(std::move(*summary));
  view_.finish(ends);
  return code;
}

void RemoteSession::say_left(RunNo run) const {
  const std::string words = server_words(context_);
  print_hint(
      fmt::format("run {} goes on at the server; dyna logs {} -f{} follows it, dyna cancel "
                  "{}{} ends it",
                  run, run, words, run, words));
}

}  // namespace cordyna::cli
