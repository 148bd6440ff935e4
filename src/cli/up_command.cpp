// dyna up: keeps the schedules of applied flows until it is told to go.
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cli/apply_session.hpp"
#include "cli/commands.hpp"
#include "cli/line_view.hpp"
#include "cli/ownership.hpp"
#include "cli/prune_text.hpp"
#include "cli/pruner.hpp"
#include "cli/server_config.hpp"
#include "cli/up_alerts.hpp"
#include "cli/up_folder.hpp"
#include "cli/up_git.hpp"
#include "cli/up_redis.hpp"
#include "cli/up_report.hpp"
#include "cli/up_server.hpp"
#include "flow/git_file.hpp"
#include "flow/teams_file.hpp"
#include "input/host/host.hpp"

namespace cordyna::cli {
namespace {

constexpr int kOwnerRetryMillis = 200;
constexpr std::uint32_t kPage = 1000;
constexpr Millis kPruneMillis = 60'000;
constexpr Millis kPruneAgainMillis = 100;

/// Readable when somebody sets the machine's clock: sleeping by the old time would be wrong then.
class ClockWatch {
 public:
  ClockWatch() : fd_(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)) { arm(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Whether it was set since the last call.
  bool was_set() {
    std::uint64_t count = 0;
    const bool set = ::read(fd_.get(), &count, sizeof count) < 0 && errno == ECANCELED;
    if (set) arm();
    return set;
  }

 private:
  void arm() {
    itimerspec far{};
    far.it_value.tv_sec = std::int64_t{1} << 40;
    ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, nullptr);
  }
  Fd fd_;
};

class Up {
 public:
  /// `folder`: null where the applied flows are served as they are.
  Up(CommandContext& context, StateLayout layout, UpFolder* folder, Signals& signals)
      : context_(context),
        layout_(std::move(layout)),
        folder_(folder),
        signals_(signals),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        view_({layout_, context.parts.open_reader, *context.parts.clock, context.output},
              std::make_unique<LineView>()),
        report_(
            *context.parts.clock, context.arguments.json,
            [this](std::string line) { view_.note(std::move(line)); }, [this] { wake(); }) {}

  /// `folder`: absolute, where teams.yaml is looked for.
  CommandResult serve(flow::Project project, flow::ServerConfig config, const std::string& folder) {
    project_ = std::move(project);
    config_ = std::move(config);
    teams_file_ = teams_file_of(project_, folder);
    if (const auto teams = flow::load_teams(teams_file_); !teams.has_value()) {
      return std::unexpected<Error>(teams.error());
    }
    git_file_ = git_file_of(project_, folder);
    TRY(flow::load_git(git_file_, config_.git_folders));
    CommandResult done = own();
    view_.finish({});
    return done;
  }

 private:
  CommandResult own();
  /// Null: a signal came first.
  Result<std::unique_ptr<Store>> become_owner();
  void wait_for_owner(const std::string& why);
  Result<> take_up_runs(Ownership& ownership);
  Result<> take_up_backfills(Ownership& ownership);
  Result<> serve(Ownership& ownership);
  Result<> follow_folder(Ownership& ownership);
  /// Until the folder has settled; -1: for as long as it takes.
  [[nodiscard]] int wait_millis() const;
  /// Until runs are left to their guardians; -1: for as long as they take.
  [[nodiscard]] int drain_millis() const;
  CommandResult wait(Ownership& ownership);
  /// Where the server is, and how to log in for the first time.
  void greet();
  void begin_inputs(Ownership& ownership);
  void begin_alerts(Ownership& ownership);
  void prepare_git(Ownership& ownership);
  /// A line of its own; as JSON under a name.
  void say_of(std::string_view name, const std::string& text);
  Result<> begin_redis(Ownership& ownership);
  Result<> begin_pruning(Ownership& ownership);
  /// One step, if it is time for one; milliseconds until the next, for poll.
  int prune();
  /// SIGHUP: reads the TLS files again; a pair that is no good leaves the one that is used.
  void reload();
  /// How often we were told to go.
  int told_to_go();
  void wake();
  void say(const std::string& text) {
    if (!context_.arguments.json) view_.note(text);
  }

  CommandContext& context_;
  StateLayout layout_;
  UpFolder* folder_;
  Signals& signals_;
  Fd wake_;
  View view_;
  UpReport report_;
  FlowCache cache_;
  ClockWatch clock_watch_;
  flow::Project project_;
  flow::ServerConfig config_;
  std::string teams_file_;
  std::string git_file_;
  Millis leave_at_ =
      0;  // told to go: when runs are left to their guardians; 0: when they have ended
  std::unique_ptr<StoreReader> reader_;           // of the pruner
  std::unique_ptr<Pruner> pruner_;                // null: all is kept
  std::unique_ptr<server::Server> server_;        // null: none is wished
  std::unique_ptr<server::StreamSockets> redis_;  // null: no task server comes over Redis
  std::unique_ptr<Secrets> secrets_;              // of inputs and alerts
  std::unique_ptr<input::InputHost> inputs_;
  std::unique_ptr<alert::AlertHost> alerts_;
  std::unique_ptr<git::GitHost> git_;
  Millis prune_at_ = 0;
  int told_ = 0;
};

void Up::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void Up::reload() {
  const bool tls = server_ != nullptr && !config_.tls_cert.empty();
  const Result<> done = tls ? server_->reload_certificate() : Result<>();
  std::string text = "SIGHUP: nothing is read again, for there are no TLS files";
  if (tls && done.has_value()) {
    text = fmt::format("tls: new connections have the certificate {} as it is now",
                       printable(config_.tls_cert));
  } else if (tls) {
    text = "tls: the certificate that was read before stays in use: " + done.error().message;
    print_error(text);
  }
  if (!context_.arguments.json) {
    if (done.has_value()) view_.note(text);
    return;
  }
  std::string line = fmt::format(
      "{{\"at\":\"{}\",\"tls\":\"{}\",\"detail\":", format_timestamp(context_.parts.clock->now()),
      !tls               ? "none"
      : done.has_value() ? "reloaded"
                         : "kept");
  append_json_string(line, text);
  view_.note(line + "}");
}

int Up::told_to_go() {
  for (auto signal = signals_.next(); signal.has_value(); signal = signals_.next()) {
    if (*signal == Signal::kReload) {
      reload();
    } else if (*signal != Signal::kResized) {
      ++told_;
    }
  }
  return told_;
}

Result<std::unique_ptr<Store>> Up::become_owner() {
  for (bool said = false;; said = true) {
    auto store = context_.parts.open_store(layout_, [] {});
    if (store.has_value() || store.error().code != ErrorCode::kConflict) return store;
    if (!said) wait_for_owner(store.error().message);
    pollfd signal{signals_.fd(), POLLIN, 0};
    ::poll(&signal, 1, kOwnerRetryMillis);
    if (told_to_go() > 0) return std::unique_ptr<Store>();
  }
}

CommandResult Up::own() {
  TRY_ASSIGN(std::unique_ptr<Store> store, become_owner());
  if (store == nullptr) return ExitCode::kOk;
  OwnerSettings settings{{session_settings(context_).slots, project_.pools, project_.places},
                         layout_};
  settings.events_max = config_.limits.pending_events;
  settings.waits_for_space = true;
  settings.task_servers = config_.listen != "off" || !config_.redis.empty();
  settings.messages_per_second = config_.limits.messages;
  settings.team_attempts = config_.limits.attempts;
  settings.files = file_bounds(config_, layout_);
  Ownership ownership(context_.parts, settings, std::move(store), cache_, view_);
  // These go before what they borrow, however this ends.
  struct Ending {
    Up& up;
    Ownership& ownership;
    ~Ending() {
      if (ownership.task_servers() != nullptr) ownership.task_servers()->stop();
      up.redis_.reset();
      up.server_.reset();                      // it asks for the states of those below
      if (up.git_ != nullptr) up.git_->end();  // who comes over the socket is still refused by it
      up.alerts_.reset();
      up.inputs_.reset();
      up.pruner_.reset();
    }
  };
  const Ending ending{*this, ownership};
  ownership.observe(report_);
  secrets_ = context_.parts.find_secrets(layout_);
  prepare_git(ownership);
  TRY(ownership.start());
  begin_alerts(ownership);  // before anything can fail
  TRY(take_up_runs(ownership));
  TRY(take_up_backfills(ownership));
  TRY(serve(ownership));
  begin_inputs(ownership);
  git_->begin(ownership.cerebro());
  TRY_ASSIGN(server_,
             start_server(context_, config_, layout_, ownership, cache_,
                          {1, project_.pools, project_.places}, *inputs_, *alerts_, *git_));
  if (server_ != nullptr) {
    const std::string& shown = config_.public_url.empty() ? server_->url() : config_.public_url;
    alerts_->set_base(shown + "/ui");
    greet();
  }
  TRY(begin_redis(ownership));
  TRY(begin_pruning(ownership));
  return wait(ownership);
}

Result<> Up::begin_redis(Ownership& ownership) {
  if (config_.redis.empty()) return {};
  TRY_ASSIGN(server::StreamSettings settings, redis_settings(config_, *secrets_));
  redis_ = server::open_redis_links(*ownership.task_servers(), *context_.parts.clock,
                                    std::move(settings),
                                    [this](const std::string& text) { say_of("redis", text); });
  return {};
}

void Up::wait_for_owner(const std::string& why) {
  if (!context_.arguments.json) {
    say(fmt::format("{} has another owner; waiting until it goes", printable(layout_.folder())));
    return;
  }
  std::string line = fmt::format("{{\"at\":\"{}\",\"waiting\":\"owner\",\"detail\":",
                                 format_timestamp(context_.parts.clock->now()));
  append_json_string(line, why);
  view_.note(line + "}");
}

/// What an owner before left goes on, the oldest first.
Result<> Up::take_up_runs(Ownership& ownership) {
  std::vector<RunRow> runs;
  {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context_.parts.open_reader(layout_));
    RunFilter filter;
    filter.unfinished = true;
    filter.limit = kPage;
    do {
      TRY_ASSIGN(const std::vector<RunRow> page, reader->list_runs(filter));
      if (page.empty()) break;
      filter.before = page.back().no;
      runs.insert(runs.end(), page.begin(), page.end());
    } while (true);
  }
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (!rests(run->state)) report_.taken_up(run->no);
    OwnerRequest request;
    request.op = OwnerOp::kResume;
    request.run = run->id;
    const auto taken = ownership.handle(request);
    if (!taken.has_value()) {
      print_error(fmt::format("run {} cannot go on: {}", run->no, taken.error().message));
    }
  }
  if (!runs.empty()) say(fmt::format("taken up: {}", counted(runs.size(), "run")));
  return {};
}

Result<> Up::take_up_backfills(Ownership& ownership) {
  std::vector<BackfillRow> left;
  {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context_.parts.open_reader(layout_));
    TRY_ASSIGN(left, reader->list_backfills({.unfinished = true, .limit = kPage}));
  }
  for (auto backfill = left.rbegin(); backfill != left.rend(); ++backfill) {
    OwnerRequest request;
    request.op = OwnerOp::kBackfillTakeUp;
    request.of = backfill->no;
    const auto taken = ownership.handle(request);
    if (!taken.has_value()) {
      print_error(fmt::format("backfill {} cannot go on: {}", backfill->no, taken.error().message));
    } else {
      say(fmt::format("taken up: backfill {} ({})", backfill->no, to_string(backfill->state)));
    }
  }
  return {};
}

Result<> Up::serve(Ownership& ownership) {
  if (folder_ != nullptr) TRY(folder_->apply(layout_, ownership));
  TRY_ASSIGN(const std::int64_t schedules, ownership.serve(true));
  TRY_ASSIGN(const std::vector<AppliedFlowRow> rows, applied_in(context_, layout_));
  const auto flows =
      static_cast<std::size_t>(std::ranges::count(rows, 0, &AppliedFlowRow::removed_at));
  say(fmt::format("up: {}, {} in {}{}", counted(flows, "flow"),
                  counted(static_cast<std::size_t>(schedules), "schedule"),
                  printable(layout_.folder()),
                  flows == 0 ? "; 'dyna apply PATH' gives it some" : ""));
  return {};
}

/// What has changed in the folder is applied once it has settled.
Result<> Up::follow_folder(Ownership& ownership) {
  if (folder_ == nullptr) return {};
  const Millis now = context_.parts.clock->now();
  TRY(folder_->look(now));
  const Millis at = folder_->settles_at();
  if (at == 0 || at > now) return {};
  // What is wrong with one change is no reason to leave what is served.
  const auto done = folder_->reload(layout_, ownership);
  if (!done.has_value()) print_error(done.error().message);
  return {};
}

int Up::wait_millis() const {
  const Millis at = folder_ == nullptr ? 0 : folder_->settles_at();
  if (at == 0) return -1;
  return static_cast<int>(std::max<Millis>(at - context_.parts.clock->now(), 0));
}

int Up::drain_millis() const {
  if (leave_at_ == 0) return -1;
  return static_cast<int>(std::max<Millis>(leave_at_ - context_.parts.clock->now(), 0));
}

/// Of two times for poll, of which -1 is never.
int sooner(int a, int b) {
  return a < 0 || b < 0 ? std::max(a, b) : std::min(a, b);
}

void Up::greet() {
  say(fmt::format("api: {}/api/v1, admin's token in {}/admin.token", server_->url(),
                  printable(layout_.folder())));
  if (context_.arguments.json) {
    const std::string& link = server_->login_link();
    view_.note(fmt::format("{{\"at\":\"{}\",\"listening\":\"{}\"{}}}",
                           format_timestamp(context_.parts.clock->now()), server_->url(),
                           link.empty() ? "" : fmt::format(",\"login_link\":\"{}\"", link)));
  }
  if (!server_->login_link().empty()) {
    say(fmt::format("log in, once and within an hour: {}", server_->login_link()));
  }
}

void Up::begin_inputs(Ownership& ownership) {
  input::HostParts parts;
  parts.cerebro = &ownership.cerebro();
  parts.clock = context_.parts.clock;
  parts.loader = [this](std::string_view canonical, std::string_view folder) {
    return cache_.load(canonical, folder);
  };
  parts.open_reader = [this] { return context_.parts.open_reader(layout_); };
  parts.secrets = secrets_.get();
  parts.evaluator = context_.parts.evaluator;
  parts.told = [this](const InputStatus& status) {
    view_.note(line_of(status, context_.arguments.json));
    wake();
  };
  inputs_ = std::make_unique<input::InputHost>(std::move(parts));
}

void Up::begin_alerts(Ownership& ownership) {
  alerts_ = start_alerts(context_, layout_, ownership, *secrets_, teams_file_,
                         [this](const std::string& text) {
                           print_error(text);
                           wake();
                         });
  if (ownership.task_servers() == nullptr) return;
  ownership.task_servers()->on_ready(
      [this](const std::string& server) { alerts_->server_back(server); });
}

/// What is followed is known before anybody can apply anything.
void Up::prepare_git(Ownership& ownership) {
  git_ = cli::prepare_git(context_, layout_, *secrets_, git_file_, config_.git_folders,
                          [this](const std::string& text) {
                            say_of("git", text);
                            wake();
                          });
  ownership.guard(guard_of(context_, layout_, *git_));
  if (folder_ == nullptr) return;
  folder_->leave_to(
      [this](const std::string& ns, const std::string& id) { return git_->check_free(ns, id); });
}

void Up::say_of(std::string_view name, const std::string& text) {
  if (!context_.arguments.json) return view_.note(printable(text));
  std::string line =
      fmt::format("{{\"at\":\"{}\",\"{}\":", format_timestamp(context_.parts.clock->now()), name);
  append_json_string(line, text);
  view_.note(line + "}");
}

Result<> Up::begin_pruning(Ownership& ownership) {
  if (project_.retention.empty()) return {};
  TRY_ASSIGN(reader_, context_.parts.open_reader(layout_));
  pruner_ = std::make_unique<Pruner>(
      *reader_, layout_, project_.retention,
      [&ownership](OldRows rows) { return ownership.remove(std::move(rows)); });
  return {};
}

int Up::prune() {
  if (pruner_ == nullptr) return -1;
  const Millis now = context_.parts.clock->now();
  if (now >= prune_at_) {
    const auto step = pruner_->step(now);
    // Where much is old it must go faster than it comes; a tenth of the time at most is for that.
    const bool more = step.has_value() && step->removed;
    const Millis ended = context_.parts.clock->now();
    prune_at_ =
        ended + (more ? std::clamp<Millis>(9 * (ended - now), kPruneAgainMillis, kPruneMillis)
                      : kPruneMillis);
    if (!step.has_value()) {
      print_error(fmt::format("removing what is old: {}", step.error().message));
    } else if (!step->done.nothing()) {
      say(prune_text(step->done, false));
    }
  }
  return static_cast<int>(
      std::clamp<Millis>(prune_at_ - context_.parts.clock->now(), 0, kPruneMillis));
}

/// Until we are told to go and nothing runs any more, or are told twice.
CommandResult Up::wait(Ownership& ownership) {
  bool draining = false;
  while (true) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
    TRY(ownership.stopped());
    const int told = told_to_go();
    if (told > 0 && !std::exchange(draining, true)) {
      inputs_->stop();
      if (server_ != nullptr) server_->drain();
      TRY(ownership.serve(false));
      TRY(ownership.leave_backfills());
      if (config_.drain > 0) leave_at_ = context_.parts.clock->now() + config_.drain;
      if (report_.running() > 0) {
        say(fmt::format("no more ticks; waiting for {} (again: leaves them to their guardians)",
                        counted(report_.running(), "run")));
      }
    }
    const bool left = leave_at_ > 0 && context_.parts.clock->now() >= leave_at_;
    if (left || told > 1 || (draining && report_.running() == 0)) return ExitCode::kOk;
    if (clock_watch_.was_set()) ownership.clock_was_set();
    if (!draining) TRY(follow_folder(ownership));
    const int folder = folder_ != nullptr && !draining ? folder_->fd() : -1;
    std::array<pollfd, 5> fds{pollfd{signals_.fd(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0},
                              pollfd{ownership.fd(), POLLIN, 0},
                              pollfd{clock_watch_.fd(), POLLIN, 0}, pollfd{folder, POLLIN, 0}};
    ::poll(fds.data(), fds.size(), draining ? drain_millis() : sooner(wait_millis(), prune()));
    (void)ownership.take_ended();  // makes its fd quiet again
  }
}

}  // namespace

CommandResult up_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  Signals signals(HangUp::kReload);  // before any thread
  if (!arguments.files.empty()) {
    const std::string& given = arguments.files.front();
    TRY_ASSIGN(UpFolder folder, UpFolder::open(context, given));
    const std::string whole = std::filesystem::absolute(given).lexically_normal().string();
    TRY_ASSIGN(flow::Project project, project_for(arguments, whole));
    TRY_ASSIGN(ResolvedConfig choice, resolve_config(arguments, project));
    Up up(context, state_for_flow(context.choice, whole), &folder, signals);
    return up.serve(std::move(project), std::move(choice.config), whole);
  }
  if (arguments.watch || arguments.prune) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} wants a folder: dyna up DIR {}",
                                                         arguments.watch ? "--watch" : "--prune",
                                                         arguments.watch ? "--watch" : "--prune"));
  }
  TRY_ASSIGN(const std::string here, working_folder());
  StateLayout layout = state_for_flow(context.choice, here);
  TRY_ASSIGN(flow::Project project, project_for(arguments, here));
  TRY_ASSIGN(ResolvedConfig choice, resolve_config(arguments, project));
  const auto reader = context.parts.open_reader(layout);
  const bool nothing = !reader.has_value() && reader.error().code == ErrorCode::kNotFound;
  // With an API flows can come later.
  if (nothing && choice.config.listen == "off") {
    return fail(ErrorCode::kNotFound,
                fmt::format("no flow is applied here: there is no state {}; 'dyna apply DIR' makes "
                            "flows known, 'dyna up DIR' does that and serves them",
                            printable(layout.folder())));
  }
  Up up(context, std::move(layout), nullptr, signals);
  return up.serve(std::move(project), std::move(choice.config), here);
}

}  // namespace cordyna::cli
