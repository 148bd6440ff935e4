#include "cli/backfill_session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/check.hpp"
#include "base/text.hpp"
#include "cli/limits.hpp"
#include "cli/line_view.hpp"
#include "cli/owner_client.hpp"
#include "cli/ownership.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

constexpr int kRetryEvery = 20;  // milliseconds between tries to become owner or reach the owner
constexpr int kRetriesMax = 500;
constexpr int kLookEvery = 250;  // milliseconds between looks at what another owner does

/// Makes a descriptor readable at each commit.
class CommitBell final : public CommitObserver {
 public:
  CommitBell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(fd_.valid()); }
  void on_commit(const ChangeSet& /*changes*/) override { ring(); }
  void on_stopped(const Error& /*error*/) override { ring(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void quiet() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
  }

 private:
  void ring() {
    const std::uint64_t one = 1;
    // Full means that it rings already.
    [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
  }
  Fd fd_;
};

}  // namespace

BackfillSession::BackfillSession(CommandContext& context, StateLayout layout, Signals& signals,
                                 std::shared_ptr<const Flow> flow)
    : context_(context),
      layout_(std::move(layout)),
      signals_(signals),
      flow_(std::move(flow)),
      view_({layout_, context.parts.open_reader, *context.parts.clock, context.output},
            std::make_unique<LineView>()) {}

CommandResult BackfillSession::drive(OwnerRequest request) {
  request.follow = false;
  request_ = std::move(request);
  Result<Next> next = Next::kTryAgain;
  for (int tries = 0; tries < kRetriesMax; ++tries) {
    owner_goes_on_ = false;
    next = attempt();
    if (!next.has_value() || *next != Next::kTryAgain) break;
    pollfd signal{signals_.fd(), POLLIN, 0};
    ::poll(&signal, 1, kRetryEvery);
    if (told_to_go()) next = Next::kLeave;
    if (*next != Next::kTryAgain) break;
  }
  view_.finish({});
  if (!next.has_value()) return std::unexpected<Error>(next.error());
  switch (*next) {
    case Next::kTryAgain:
      return fail(
          ErrorCode::kConflict,
          fmt::format("state folder {} has an owner that does not listen on its socket; try "
                      "again, or end that process",
                      layout_.folder()));
    case Next::kLeave: say_left(); return ExitCode::kCancelled;
    case Next::kEnded: break;
  }
  const bool json = context_.arguments.json;
  context_.output.write((json ? backfill_as_json(watch_->row(), watch_->counts())
                              : line_of(watch_->row(), watch_->counts())) +
                        "\n");
  if (request_.op == OwnerOp::kBackfillPause || request_.op == OwnerOp::kBackfillCancel) {
    return ExitCode::kOk;  // it did what it was asked for
  }
  return watch_->exit_code();
}

Result<BackfillSession::Next> BackfillSession::attempt() {
  auto store = context_.parts.open_store(layout_, [this] {
    if (flow_ != nullptr) context_.parts.expect(layout_, *flow_);
  });
  if (store.has_value()) return own(std::move(*store));
  if (store.error().code != ErrorCode::kConflict) return std::unexpected<Error>(store.error());
  return attend();
}

/// It is saved: should the owner go, it is only taken up again.
Result<> BackfillSession::accepted(BackfillNo no) {
  if (watch_ == nullptr) {
    TRY_ASSIGN(reader_, context_.parts.open_reader(layout_));
    const auto from =
        request_.op == OwnerOp::kBackfill ? BackfillWatch::From::kBegin : BackfillWatch::From::kNow;
    watch_ = std::make_unique<BackfillWatch>(*reader_, no, context_.arguments.json, from);
    if (request_.op == OwnerOp::kBackfill && !context_.arguments.json) {
      view_.note(fmt::format("backfill {}: {}, {} at a time", no,
                             counted(request_.backfill.total, "time"), request_.backfill.parallel));
    }
  }
  no_ = no;
  request_.of = no;
  const bool asks_once =
      request_.op == OwnerOp::kBackfill || request_.op == OwnerOp::kBackfillResume;
  if (asks_once) request_.op = OwnerOp::kBackfillTakeUp;
  return {};
}

Result<bool> BackfillSession::look() {
  TRY_ASSIGN(const std::vector<std::string> lines, watch_->look());
  for (const std::string& line : lines) view_.note(line);
  if (request_.op == OwnerOp::kBackfillPause) return true;
  return watch_->ended() || watch_->rests();
}

bool BackfillSession::told_to_go() {
  bool told = false;
  for (auto signal = signals_.next(); signal.has_value(); signal = signals_.next()) {
    told = told || *signal != Signal::kResized;
  }
  return told;
}

Result<BackfillSession::Next> BackfillSession::own(std::unique_ptr<Store> store) {
  CommitBell bell;
  TRY_ASSIGN(engine::Limits limits,
             limits_for(session_settings(context_).slots,
                        request_.folder.empty() ? folder_of(layout_) : request_.folder));
  const OwnerSettings settings{std::move(limits), layout_};
  Ownership ownership(context_.parts, settings, std::move(store), flows_, view_);
  ownership.observe(bell);
  TRY(ownership.start());
  auto asked = ownership.handle(request_);
  // One that had come to its end when its owner went is done, if we were following it.
  const bool gone_by = !asked.has_value() && asked.error().code == ErrorCode::kConflict && no_ > 0;
  if (!asked.has_value() && !gone_by) return std::unexpected<Error>(asked.error());
  TRY(accepted(gone_by ? no_ : *asked));
  for (;;) {
    bell.quiet();
    (void)ownership.take_ended();  // makes its fd quiet
    TRY(ownership.stopped());
    TRY_ASSIGN(const bool done, look());
    if (done) return Next::kEnded;
    std::array<pollfd, 3> fds{pollfd{signals_.fd(), POLLIN, 0}, pollfd{bell.fd(), POLLIN, 0},
                              pollfd{ownership.fd(), POLLIN, 0}};
    ::poll(fds.data(), fds.size(), -1);
    if (told_to_go()) return Next::kLeave;
  }
}

Result<BackfillSession::Next> BackfillSession::attend() {
  auto client = OwnerClient::connect(layout_);
  if (!client.has_value()) return Next::kTryAgain;
  const auto asked = client->request(request_);
  if (!asked.has_value() && asked.error().code == ErrorCode::kUnavailable) return Next::kTryAgain;
  const bool gone_by = !asked.has_value() && asked.error().code == ErrorCode::kConflict && no_ > 0;
  if (!asked.has_value() && !gone_by) return std::unexpected<Error>(asked.error());
  TRY(accepted(gone_by ? no_ : *asked));
  owner_goes_on_ = true;
  for (;;) {
    TRY_ASSIGN(const bool done, look());
    if (done) return Next::kEnded;
    pollfd signal{signals_.fd(), POLLIN, 0};
    ::poll(&signal, 1, kLookEvery);
    if (told_to_go()) return Next::kLeave;
    if (!OwnerClient::connect(layout_).has_value()) return Next::kTryAgain;
  }
}

void BackfillSession::say_left() {
  if (no_ == 0) return;
  const std::string state = session_settings(context_).state_option;
  if (owner_goes_on_) {
    print_hint(
        fmt::format("backfill {} goes on in the dyna that owns the state; dyna backfill show {}{} "
                    "tells how far it is, dyna backfill cancel {}{} ends it",
                    no_, no_, state, no_, state));
    return;
  }
  print_hint(
      fmt::format("backfill {} is left; tasks that run go on under their guardians. To carry it "
                  "on: dyna backfill resume {}{}",
                  no_, no_, state));
}

}  // namespace cordyna::cli
