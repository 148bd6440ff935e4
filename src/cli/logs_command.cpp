#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "cli/commands.hpp"
#include "cli/owner_client.hpp"
#include "cli/remote_follow.hpp"
#include "cli/remote_session.hpp"
#include "cli/run_lookup.hpp"
#include "cli/side.hpp"
#include "cli/view.hpp"

namespace cordyna::cli {
namespace {

/// Gives the view what the owner tells, until the run has ended, the owner has gone, or somebody
/// interrupts.
Result<ExitCode> follow(const StateLayout& layout, const RunRow& run, View& view,
                        Signals& signals) {
  auto client = OwnerClient::connect(layout);
  if (!client.has_value()) {
    view.finish({});
    print_hint(
        fmt::format("run {} has no owner now: nothing new is recorded until "
                    "'dyna resume {}' takes it up",
                    run.no, run.no));
    return ExitCode::kOk;
  }
  OwnerRequest request;
  request.run = run.id;
  TRY(client->request(request));
  for (;;) {
    auto updates = client->read();
    if (!updates.has_value()) return ExitCode::kOk;
    const bool ended = std::ranges::any_of(*updates, rests_run);
    view.give(std::move(*updates));
    if (ended) return ExitCode::kOk;
    std::array<pollfd, 2> fds{pollfd{signals.fd(), POLLIN, 0}, pollfd{client->fd(), POLLIN, 0}};
    ::poll(fds.data(), fds.size(), -1);
    const auto signal = signals.next();
    if (signal.has_value() && *signal != Signal::kResized) return ExitCode::kCancelled;
  }
}

/// The same of a run at a server, over its restarts.
Result<ExitCode> follow_there(const client::ApiClient& client, const RunRow& run, View& view,
                              Signals& signals) {
  // All of its history: the view passes over what it has shown already.
  // Standard output is what tasks said, and nothing else.
  RemoteFollow follow(client, run.no, 0, view, [](const std::string& text) { print_hint(text); });
  std::array<pollfd, 2> fds{pollfd{signals.fd(), POLLIN, 0}, pollfd{follow.fd(), POLLIN, 0}};
  for (;;) {
    ::poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) break;
    const auto signal = signals.next();
    if (signal.has_value() && *signal != Signal::kResized) return ExitCode::kCancelled;
  }
  TRY(follow.result());
  return ExitCode::kOk;
}

}  // namespace

CommandResult logs_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const Side side, side_here(context));
  TRY_ASSIGN(const RunRow run, find_run(*side.reader, arguments.run));
  TRY_ASSIGN(std::shared_ptr<const Flow> flow, load_flow(*side.reader, run));
  if (!arguments.task.empty()) TRY(find_task(*flow, arguments.task));

  Signals signals;  // before any thread
  const WakeFd leaving;
  View view(side.server.has_value() ? remote_view_parts(context, *side.server, leaving.get())
                                    : ViewParts{side.layout, context.parts.open_reader,
                                                *context.parts.clock, context.output},
            make_log_view({arguments.task, arguments.json}));
  view.begin({run.no, run.id, std::move(flow)}, true);
  ExitCode code = ExitCode::kOk;
  if (arguments.follow_logs && !is_final(run.state)) {
    const auto followed = side.server.has_value() ? follow_there(*side.server, run, view, signals)
                                                  : follow(side.layout, run, view, signals);
    // Whoever leaves does not wait for what a server that is away might still say.
    if (followed.value_or(ExitCode::kCancelled) == ExitCode::kCancelled) leaving.raise();
    TRY_ASSIGN(code, followed);
  }
  view.finish({});
  return code;
}

}  // namespace cordyna::cli
