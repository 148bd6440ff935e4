// cordyna_sim_servers FROM COUNT [--strict]
//
// Task servers and their tasks, in worlds where owners crash around their commits and are away,
// where servers die, drain and come again under the same or another process, where links are cut,
// and messages are lost, doubled and overtaken by others (R29 to R34, R37). Always: an attempt is
// begun once, and never while another of its task runs; a receipt is for what is saved; an end that
// a server reported is what the state says, unless a limit or a loss was there first. At the end,
// when all may go on in peace, every run has ended and no server keeps anything. Exit code 0: all
// held; 1: one did not, with its seed; 2: usage. --strict also wants every rare thing to have been
// met.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cerebro/loop.hpp"
#include "network/network.hpp"
#include "protocol/envelope.hpp"
#include "sim/crash_store.hpp"
#include "sim/evaluator.hpp"
#include "sim/met.hpp"
#include "sim/random.hpp"
#include "sim/task_server.hpp"

namespace cordyna::sim {
namespace {

using network::Invocation;
using network::LinkNo;
using network::Output;
using network::ServerName;
constexpr Millis kSecond = 1000;
constexpr Millis kTrouble = 600 * kSecond;  ///< so long things break
constexpr Millis kEndOfTime = 20'000 * kSecond;

constexpr std::array kRareThings{"runs",
                                 "completed runs",
                                 "crashes before a commit",
                                 "crashes after a commit",
                                 "dead servers",
                                 "cut links",
                                 "lost messages",
                                 "doubled messages",
                                 "overtakings",
                                 "superseded sessions",
                                 "drained servers",
                                 "returned attempts",
                                 "lost attempts",
                                 "late attempts",
                                 "cancelled runs",
                                 "resumed attempts",
                                 "ends after a reboot"};

class ServerWorld {
 public:
  ServerWorld(std::uint64_t seed, Met& met) : random_(seed), met_(met) {
    trouble_ = random_.below(12);
    crash_percent_ = random_.below(8);
    lossy_ = random_.below(15);
    narrow_ = seed % 3 == 0;
    const std::size_t count = 1 + random_.below(3);
    for (std::size_t i = 0; i < count; ++i) make_server(fmt::format("s{}", i));
    make_flows();
  }

  /// Empty: all held.
  std::string live() {
    boot(std::make_unique<MemoryStore>());
    const std::size_t runs = 2 + random_.below(8);
    for (std::size_t i = 0; i < runs; ++i)
      asks_.emplace(now_ + random_.between(0, 300) * kSecond, i);
    const Millis peace = now_ + kTrouble;
    while (wrong_.empty() && now_ < kEndOfTime) {
      if (now_ >= peace && asks_.empty() && all_is_done()) break;
      now_ = std::max(now_ + 100, std::min(next_time(), now_ + 5 * kSecond));
      peaceful_ = now_ >= peace;
      happen();
    }
    if (wrong_.empty() && !all_is_done()) wrong_ = told_open();
    return wrong_;
  }

 private:
  struct Line {
    LinkNo no = 0;
    std::vector<Wire> up;           ///< to cerebro
    std::vector<std::string> down;  ///< to the server
  };
  struct Place {
    std::unique_ptr<TaskServer> server;
    Line line;
    Millis connect_at = 0;
  };

  /// Commands go to the state machine, as the server's TaskServers does it.
  class Hands final : public Executor {
   public:
    explicit Hands(ServerWorld& world) : world_(world) {}
    void start(const StartAttempt& command) override {
      world_.commands_.push_back([this, command] {
        world_.network_->start(
            world_.now_,
            world_.invocation_of(command.key, command.run_id, *command.flow, command.task),
            world_.out_);
      });
    }
    void adopt(const StartAttempt& command) override {
      world_.commands_.push_back([this, command] {
        Invocation what =
            world_.invocation_of(command.key, command.run_id, *command.flow, command.task);
        world_.know(what.server);
        world_.network_->adopt(world_.now_, std::move(what), command.acknowledged, world_.out_);
      });
    }
    void cancel(const CancelAttempt& command) override {
      world_.commands_.push_back([this, command] {
        Invocation what =
            world_.invocation_of(command.key, command.run_id, *command.flow, command.task);
        world_.know(what.server);
        world_.network_->cancel(world_.now_, std::move(what), command.reason, world_.out_);
      });
    }
    void run_ended(const RunRow& run) override {
      world_.commands_.push_back(
          [this, no = run.no] { world_.network_->run_ended(world_.now_, no, world_.out_); });
    }

   private:
    ServerWorld& world_;
  };

  void make_server(const std::string& name) {
    TaskServer::Eyes eyes;
    eyes.began = [this](const std::string& attempt) { began(attempt); };
    eyes.stopped = [this](const std::string& attempt) { running_.erase(task_of(attempt)); };
    eyes.paid = [this](const std::string& attempt, const std::string& kind) {
      paid(attempt, kind);
    };
    places_[name].server = std::make_unique<TaskServer>(name, random_, std::move(eyes));
  }

  void make_flows() {
    const std::size_t count = 1 + random_.below(3);
    for (std::size_t i = 0; i < count; ++i) {
      auto flow = std::make_shared<Flow>();
      flow->id = fmt::format("f{}", i);
      flow->ns = "team";
      flow->owner = "team";
      flow->hash = flow->id;
      flow->outputs = "{}";
      const std::size_t tasks = 1 + random_.below(3);
      for (std::size_t t = 0; t < tasks; ++t) {
        TaskSpec task;
        task.id = fmt::format("t{}", t);
        task.type = "invoke";
        task.owner = "team";
        task.kind = TaskKind::kServed;
        const auto place =
            std::next(places_.begin(), static_cast<int>(random_.below(places_.size())));
        task.pool = line_of("team", place->first, {});
        task.params = place->first;
        task.timeouts = {10 * kSecond, 60 * kSecond, 120 * kSecond};
        task.retry.attempts = 1 + static_cast<std::uint32_t>(random_.below(3));
        if (t > 0 && random_.chance(60)) task.needs.push_back(static_cast<TaskIndex>(t - 1));
        flow->tasks.push_back(std::move(task));
      }
      flows_.emplace(flow->id, std::move(flow));
    }
  }

  [[nodiscard]] Invocation invocation_of(const AttemptKey& key, const RunId& run, const Flow& flow,
                                         TaskIndex task) const {
    Invocation what{key, run, {"team", flow.tasks[task].params}, flow.tasks[task].id};
    what.slot_class = kUsualSlots;
    what.inputs = "{}";
    what.upstream = "[]";
    what.trigger = R"({"kind":"manual"})";
    what.timeouts = flow.tasks[task].timeouts;
    return what;
  }

  // ---- cerebro

  void boot(std::unique_ptr<MemoryStore> store) {
    store_ = std::make_unique<CrashStore>(
        std::move(store), [this] { return draw_crash(); },
        [this](const ChangeSet& changes) { saved(changes); });
    network::NetworkSettings settings;
    settings.epoch = ++epoch_;
    settings.token = [](std::string_view text) {
      return fmt::format("{:x}", std::hash<std::string_view>{}(text));
    };
    settings.make_id = [this](Millis) { return fmt::format("c{}", ++ids_); };
    if (narrow_) settings.window = 1500;  // three invokes or so
    network_ = std::make_unique<network::Network>(std::move(settings));
    out_ = {};
    commands_.clear();
    boots_.clear();
    known_.clear();
    auto load = [this](std::string_view id, std::string_view) {
      return Result<std::shared_ptr<const Flow>>(flows_.at(std::string(id)));
    };
    loop_ = std::make_unique<Loop>(engine::Limits{.slots = 1}, *store_, evaluator_, load);
    loop_->set_process(hands_);
    loop_->set_listener([this](const ChangeSet& changes) {
      commands_.push_back(
          [this, rows = changes.attempts] { network_->committed(now_, rows, out_); });
    });
    RunFilter unfinished;
    unfinished.unfinished = true;
    unfinished.limit = 10'000;
    const std::vector<RunRow> left = store_->list_runs(unfinished).value();
    for (const RunRow& row : left) {
      (void)loop_->apply(now_, ResumeSignal{row.id});
    }
    for (const RunRequest& request : submitted_) (void)loop_->apply(now_, SubmitSignal{request});
    settle();
  }

  Crash draw_crash() {
    if (peaceful_ || crashes_ >= 20 || !random_.chance(crash_percent_)) return Crash::kNone;
    ++crashes_;
    crashed_ = true;
    const bool before = random_.chance(50);
    met_.note(before ? "crashes before a commit" : "crashes after a commit");
    return before ? Crash::kBefore : Crash::kAfter;
  }

  /// Everything that follows from what has come in. What goes out of it waits on the lines.
  void settle() {
    for (int rounds = 0; rounds < 10'000; ++rounds) {
      const auto stepped = loop_->step(now_);
      if (!stepped.has_value()) {
        if (!std::exchange(crashed_, false)) {
          return wrong("the store refused what was decided: " + stepped.error().message);
        }
        return crash();
      }
      for (auto& command : std::exchange(commands_, {})) command();
      for (const auto& [name, boot] : std::exchange(boots_, {})) {
        saved_boots_[name] = boot;
        network_->boot_saved(now_, name, boot, out_);
      }
      network_->advance(now_, out_);
      const bool more = act();
      if (!more && !loop_->has_work() && commands_.empty()) return;
    }
    wrong("it never settles");
  }

  /// Often it is back at once, seldom only after an hour or two.
  Millis away_for() {
    if (random_.chance(50)) return 0;
    return (random_.chance(5) ? random_.between(3600, 7200) : random_.between(0, 200)) * kSecond;
  }

  void crash() {
    std::unique_ptr<MemoryStore> state = store_->inner().fork_owner();
    loop_.reset();
    for (auto& [name, place] : places_) {
      if (random_.chance(50)) deliver_down(place);  // it was on its way
      cut(place);
    }
    // Nobody is there for a while; servers go on.
    const Millis away = away_for();
    for (const Millis until = now_ + away; now_ < until; now_ += kSecond) {
      for (auto& [name, place] : places_) place.server->advance(now_);
    }
    boot(std::move(state));
  }

  /// Whether the loop has something to do for it.
  bool act() {
    Output out = std::exchange(out_, {});
    for (network::Outgoing& one : out.messages) {
      for (auto& [name, place] : places_) {
        if (place.line.no == one.link) place.line.down.push_back(std::move(one.text));
      }
    }
    for (const network::Closing& one : out.closings) {
      for (auto& [name, place] : places_) {
        if (place.line.no != one.link) continue;
        deliver_down(place);  // what was said before it
        place.server->cut();
        place.line = {};
        place.connect_at = now_ + kSecond;
      }
    }
    // Behind the reports: they are saved in the same transaction, or before.
    boots_.insert(boots_.end(), out.boots.begin(), out.boots.end());
    const bool more = !out.rooms.empty() || !out.reports.empty() || !out.boots.empty();
    if (!out.rooms.empty()) (void)loop_->apply(now_, RoomSignal{out.rooms});
    for (const AttemptReport& report : out.reports) {
      if (report.kind == ReportKind::kReturned) met_.note("returned attempts");
      loop_->apply(now_, report);
    }
    return more;
  }

  void know(const ServerName& name) {
    if (!known_.insert(name).second) return;
    const auto boot = saved_boots_.find(name);
    if (boot != saved_boots_.end()) network_->know(now_, name, boot->second);
  }

  // ---- what happens

  [[nodiscard]] Millis next_time() const {
    Millis at = kEndOfTime;
    if (!asks_.empty()) at = std::min(at, asks_.begin()->first);
    at = std::min(at, loop_->next_timer().value_or(kEndOfTime));
    at = std::min(at, network_->next_timer().value_or(kEndOfTime));
    for (const auto& [name, place] : places_) {
      at = std::min(
          {at, place.server->next(kEndOfTime), place.line.no == 0 ? place.connect_at : kEndOfTime});
      if (!place.line.up.empty() || !place.line.down.empty()) return now_;
    }
    return at;
  }

  void happen() {
    while (!asks_.empty() && asks_.begin()->first <= now_) {
      submit(asks_.begin()->second);
      asks_.erase(asks_.begin());
    }
    if (!peaceful_ && random_.chance(1)) cancel_one();
    for (auto& [name, place] : places_) {
      if (!peaceful_ && random_.chance(trouble_)) break_something(place);
      if (!place.server->lives() && (peaceful_ || random_.chance(20))) place.server->boot();
      if (place.server->lives() && place.line.no == 0 && place.connect_at <= now_) connect(place);
      place.server->advance(now_);
      if (place.server->has_drained()) {
        place.server->die();
        cut(place);
      }
      deliver(place);
      if (!wrong_.empty()) return;
    }
    settle();
  }

  void submit(std::size_t number) {
    const auto flow = std::next(flows_.begin(), static_cast<int>(number % flows_.size()))->second;
    RunRequest request;
    request.id = RunId{fmt::format("00000000-0000-7000-8000-0000000000{:02}", number)};
    request.flow = flow;
    request.canonical = flow->id;
    request.inputs = "{}";
    submitted_.push_back(request);
    met_.note("runs");
    (void)loop_->apply(now_, SubmitSignal{std::move(request)});
  }

  void cancel_one() {
    for (const auto& [no, run] : runs_) {
      if (is_final(run.state) || !random_.chance(30)) continue;
      met_.note("cancelled runs");
      (void)loop_->apply(now_, CancelSignal{run.id});
      return;
    }
  }

  void break_something(Place& place) {
    switch (random_.below(4)) {
      case 0:
        if (!place.server->lives()) return;
        met_.note("dead servers");
        place.server->die();
        return cut(place);
      case 1:
        if (place.line.no == 0) return;
        met_.note("cut links");
        place.server->cut();
        cut(place);
        if (random_.chance(30)) place.connect_at = now_ + random_.between(0, 400) * kSecond;
        return;
      case 2:
        if (place.line.no == 0) return;
        met_.note("superseded sessions");  // cerebro has not seen that the link before has gone
        place.line = {};
        place.server->cut();
        return;
      default:
        if (random_.chance(20) && place.server->connected()) {
          met_.note("drained servers");
          place.server->drain();
        }
    }
  }

  void connect(Place& place) {
    place.line = {};
    place.line.no = ++links_;
    network::Credential who;
    who.allows = [](std::string_view team) { return team == "team"; };
    network_->open(now_, place.line.no, std::move(who), "10.0.0.1", false);
    place.server->connect();
  }

  void cut(Place& place) {
    if (place.line.no != 0 && loop_ != nullptr) network_->closed(now_, place.line.no, out_);
    place.server->cut();
    place.line = {};
    place.connect_at = now_ + random_.between(0, 10) * kSecond;
  }

  /// Messages of sessions come in order and whole, as a stream brings them; those of attempts may
  /// be lost, doubled or overtaken.
  void deliver(Place& place) {
    for (Wire& one : place.server->take()) place.line.up.push_back(std::move(one));
    if (place.line.no == 0) {
      place.line.up.clear();
      return;
    }
    std::vector<Wire> up = std::exchange(place.line.up, {});
    for (std::size_t i = 0; i + 1 < up.size(); ++i) {
      if (!is_loose(up[i]) || !is_loose(up[i + 1]) || !random_.chance(lossy_)) continue;
      met_.note("overtakings");
      std::swap(up[i], up[i + 1]);
    }
    const LinkNo link = place.line.no;
    for (const Wire& one : up) {
      if (place.line.no != link) return;
      if (!peaceful_ && is_loose(one) && random_.chance(lossy_)) {
        met_.note("lost messages");
        continue;
      }
      const bool twice = is_loose(one) && random_.chance(lossy_);
      if (twice) met_.note("doubled messages");
      for (int i = 0; i < (twice ? 2 : 1); ++i) {
        network_->receive(now_, link, text_of(place, one), out_);
      }
    }
    settle();
    if (place.line.no == link) deliver_down(place);
  }

  static bool is_loose(const Wire& wire) { return wire.kind.starts_with("task."); }

  void deliver_down(Place& place) {
    for (const std::string& text : std::exchange(place.line.down, {})) {
      const auto read = protocol::read_messages(text, protocol::Direction::kToServer);
      const auto* message = std::get_if<protocol::Message>(&read.at(0));
      if (message == nullptr) return wrong("cerebro says what is not in the table: " + text);
      std::string_view kind = message->spec->type;
      kind.remove_prefix(std::string_view("cordyna.").size());
      kind.remove_suffix(3);
      if (!peaceful_ && kind == "task.invoke" && random_.chance(lossy_)) {
        met_.note("lost messages");
        continue;
      }
      if (kind == "server.resumed" && text.find("\"continue\"") != std::string::npos) {
        met_.note("resumed attempts");
      }
      place.server->receive(now_, kind, message->head.id, message->data);
      if (kind == "task.invoke" && random_.chance(lossy_)) {
        place.server->receive(now_, kind, message->head.id, message->data);
      }
    }
  }

  [[nodiscard]] static std::string text_of(const Place& place, const Wire& wire) {
    return fmt::format(R"({{"specversion":"1.0","id":"{}","source":"urn:cordyna:ts:team/{}",)"
                       R"("type":"cordyna.{}.v1","data":{}}})",
                       wire.id, place.server->name(), wire.kind, wire.data);
  }

  // ---- what must hold

  void wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  static std::string task_of(const std::string& attempt) {
    return attempt.substr(0, attempt.rfind('/'));
  }

  void began(const std::string& attempt) {
    if (!begun_.insert(attempt).second) wrong("R30: attempt " + attempt + " was begun twice");
    const auto [at, first] = running_.emplace(task_of(attempt), attempt);
    if (!first) {
      wrong(fmt::format("attempt {} was begun while {} runs", attempt, at->second));
    }
  }

  void paid(const std::string& attempt, const std::string& kind) {
    const auto row = rows_.find(attempt);
    if (row == rows_.end()) return wrong("R37: a receipt for " + attempt + ", of which is no row");
    const AttemptRow& saved = row->second;
    if (!is_final(saved.state) || !saved.known_dead) {
      return wrong(fmt::format("R37: a receipt for the end of {}, which is saved as {}", attempt,
                               to_string(saved.state)));
    }
    if (kind == "task.completed" && saved.state != AttemptState::kCompleted) {
      const bool before = saved.state == AttemptState::kFailed &&
                          (info(saved.error->code).kind == FailureKind::kTimeout ||
                           saved.error->code == TaskErrorCode::kLost);
      if (!before && saved.state != AttemptState::kCancelled) {
        wrong(
            fmt::format("R37: {} completed, and is saved as {}", attempt, to_string(saved.state)));
      }
    }
    if (epoch_ > 1) met_.note("ends after a reboot");
  }

  void saved(const ChangeSet& changes) {
    for (const RunRow& run : changes.runs) {
      runs_[run.no] = run;
      if (run.state == RunState::kCompleted) met_.note("completed runs");
    }
    for (const AttemptRow& attempt : changes.attempts) {
      const RunId& run = runs_.at(attempt.run).id;
      rows_[network::attempt_name(run, {attempt.run, attempt.path, attempt.attempt})] = attempt;
      if (attempt.state != AttemptState::kFailed) continue;
      if (attempt.error->code == TaskErrorCode::kLost) met_.note("lost attempts");
      if (info(attempt.error->code).kind == FailureKind::kTimeout) met_.note("late attempts");
    }
  }

  [[nodiscard]] bool all_is_done() const {
    return std::ranges::all_of(runs_, [](const auto& one) { return is_final(one.second.state); }) &&
           runs_.size() == submitted_.size() && network_->live_attempts() == 0 &&
           std::ranges::all_of(places_,
                               [](const auto& one) { return one.second.server->owes_nothing(); });
  }

  [[nodiscard]] std::string told_open() const {
    std::string told = "R29: at the end of time";
    for (const auto& [no, run] : runs_) {
      if (!is_final(run.state)) told += fmt::format(", run {} is {}", no, to_string(run.state));
    }
    for (const auto& [name, row] : rows_) {
      if (is_final(row.state) && row.known_dead) continue;
      told += fmt::format(", attempt {} is {}", name, to_string(row.state));
    }
    for (const auto& [name, place] : places_) {
      if (!place.server->owes_nothing()) told += ", server " + name + " keeps messages";
    }
    return told;
  }

  Random random_;
  Met& met_;
  Millis now_ = 1'000'000;
  std::uint64_t trouble_ = 0;
  std::uint64_t crash_percent_ = 0;
  std::uint64_t lossy_ = 0;
  bool narrow_ = false;  // little may be under way to a server
  bool peaceful_ = false;
  std::map<std::string, Place> places_;
  std::map<std::string, std::shared_ptr<const Flow>> flows_;
  Hands hands_{*this};
  WordEvaluator evaluator_;
  std::unique_ptr<CrashStore> store_;
  std::unique_ptr<network::Network> network_;
  std::unique_ptr<Loop> loop_;
  Output out_;
  std::vector<std::function<void()>> commands_;
  std::multimap<Millis, std::size_t> asks_;
  std::vector<RunRequest> submitted_;
  std::map<ServerName, std::string> saved_boots_;
  std::vector<std::pair<ServerName, std::string>> boots_;  // to be saved
  std::set<ServerName> known_;
  std::map<RunNo, RunRow> runs_;                // as they were saved last
  std::map<std::string, AttemptRow> rows_;      // by attempts' names
  std::set<std::string> begun_;                 // attempts, ever
  std::map<std::string, std::string> running_;  // task of a run → the attempt that runs
  std::string wrong_;
  std::int64_t epoch_ = 0;
  std::uint64_t ids_ = 0;
  LinkNo links_ = 0;
  int crashes_ = 0;
  bool crashed_ = false;
};

}  // namespace
}  // namespace cordyna::sim

int main(int argc, char** argv) {
  using namespace cordyna::sim;
  return run_worlds(argc, argv, "cordyna_sim_servers", "task servers", kRareThings,
                    [](std::uint64_t seed, Met& met) { return ServerWorld(seed, met).live(); });
}
