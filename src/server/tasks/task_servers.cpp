#include "server/tasks/task_servers.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "base/bounded_queue.hpp"
#include "base/id.hpp"
#include "http/digest.hpp"
#include "model/task_server.hpp"
#include "secrets/private_file.hpp"
#include "server/auth/tokens.hpp"
#include "server/tasks/declarer.hpp"
#include "server/tasks/hearing.hpp"
#include "server/tasks/invocation.hpp"
#include "server/tasks/task_log.hpp"

namespace cordyna::server {
namespace {

using network::LinkNo;
using network::Network;
using network::Output;
using network::ServerName;
using Job = std::move_only_function<void(Millis now, Output& out)>;

constexpr std::size_t kJobsMax = 8192;
/// Who says more than is heard of him is there all the same: it is no lease that ends.
constexpr Millis kAnHour = 3'600'000;
constexpr Millis kKeepEvery = 1'000;
constexpr int kDecideTries = 20;
constexpr Millis kDecidePause = 20;  // times how often it was tried
/// When servers that are sent away come again: not all at once.
constexpr Millis kReconnectMin = 1'000;
constexpr Millis kReconnectMax = 5'000;
constexpr std::size_t kKeyLetters = 64;
constexpr std::size_t kKeyBytesMax = 1024;

/// What fences are made with: another one would make all that servers hold worthless.
Result<std::string> cluster_key(const StateLayout& layout) {
  const std::string path = layout.folder() + "/fence.key";
  TRY_ASSIGN(const auto found, read_private_file(path, "the key of fences", kKeyBytesMax));
  if (found.has_value() && !found->empty()) return *found;
  const std::string fresh = random_word(kKeyLetters);
  TRY(replace_private_file(path, "the key of fences", fresh));
  return fresh;
}

std::string boot_position(const ServerName& name) {
  return "task-server:" + name.text();
}

}  // namespace

class TaskServers::Impl {
 public:
  Impl(TaskServerParts parts, const std::string& key, std::unique_ptr<StoreReader> reader)
      : parts_(std::move(parts)),
        reader_(std::move(reader)),
        declarer_(parts_.layout, *reader_),
        logs_(parts_.layout),
        jobs_(kJobsMax),
        network_(settings(key)),
        hearing_(parts_.messages_per_second) {}

  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void begin(Cerebro& cerebro) {
    cerebro_ = &cerebro;
    thread_ = std::thread([this] { work(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    jobs_.push_unbounded([this](Millis now, Output& out) {
      network_.leave(now, out);
      leaving_ = true;
    });
    thread_.join();
    cerebro_ = nullptr;
  }

  /// Never waits: cerebro's thread must not wait for ours, which may wait for cerebro's. A link has
  /// one thing here at a time.
  void tell(Job job) { jobs_.push_unbounded(std::move(job)); }

  void start(const StartAttempt& command) {
    served_.insert(command.key.run);
    tell([this, command](Millis now, Output& out) {
      auto what = invocation_of(command, *parts_.evaluator);
      if (!what.has_value())
        return refuse(command, TaskErrorCode::kTemplateFailed, what.error(), out);
      const auto fits = check_inputs(command, what->inputs);
      if (!fits.has_value())
        return refuse(command, TaskErrorCode::kInputInvalid, fits.error(), out);
      invoke(*what, command);
      network_.start(now, std::move(*what), out);
    });
  }

  void adopt(const StartAttempt& command) {
    served_.insert(command.key.run);
    tell([this, command](Millis now, Output& out) {
      auto what = invocation_of(command, *parts_.evaluator);
      if (!what.has_value())
        return refuse(command, TaskErrorCode::kTemplateFailed, what.error(), out);
      know(now, what->server);
      invoke(*what, command);
      network_.adopt(now, std::move(*what), command.acknowledged, out);
    });
  }

  [[nodiscard]] Executor& others() { return *parts_.others; }

  void cancel(const CancelAttempt& command) {
    served_.insert(command.key.run);
    tell([this, command](Millis now, Output& out) {
      auto what = invocation_of(command);
      know(now, what.server);
      network_.cancel(now, std::move(what), command.reason, out);
    });
  }

  void run_ended(RunNo run) {
    if (served_.erase(run) == 0) return;
    tell([this, run](Millis now, Output& out) {
      network_.run_ended(now, run, out);
      logs_.forget(run);
    });
  }

  void on_commit(const ChangeSet& changes) {
    std::vector<AttemptRow> rows;
    for (const AttemptRow& row : changes.attempts) {
      if (is_line(row.pool)) rows.push_back(row);
    }
    if (!rows.empty()) {
      tell([this, rows = std::move(rows)](Millis now, Output& out) {
        network_.committed(now, rows, out);
      });
    }
    if (changes.applied.empty()) return;
    tell([this, applied = changes.applied](Millis, Output&) { declarer_.changed(applied); });
  }

  LinkNo open(network::Credential who, std::string address, bool http,
              std::shared_ptr<TaskLink> link) {
    const LinkNo no = ++last_link_;
    tell([this, no, http, who = std::move(who), address = std::move(address),
          link = std::move(link)](Millis now, Output&) mutable {
      links_[no] = {std::move(link), who.share.empty() ? who.actor : who.share};
      network_.open(now, no, std::move(who), std::move(address), http);
    });
    return no;
  }

  void receive(LinkNo no, std::string text, std::move_only_function<void()> done) {
    say({no, std::move(text), std::move(done)});
  }

  void touch(LinkNo no, const ServerName& name) {
    tell([this, no, name](Millis now, Output& out) { network_.touch(now, no, name, out); });
  }

  void closed(LinkNo no) { say({no}); }

  void tampered(const ServerName& name, const std::string& what) {
    tell([this, name, what](Millis, Output&) {
      const Millis now = parts_.clock->wall();
      // One an hour: who does it once may do it again and again.
      const std::string id = fmt::format("streams/{}/{}", name.text(), now / kAnHour);
      tell_team(name, id, now,
                fmt::format("the streams of task server {} in Redis were tampered with, by "
                            "somebody with the rights of its team: {}; it was given new ones",
                            name.text(), what));
    });
  }

  void later(Millis delay, std::move_only_function<void()> job) {
    tell([this, delay, job = std::move(job)](Millis now, Output&) mutable {
      timed_.emplace(now + delay, std::move(job));
    });
  }

  [[nodiscard]] std::uint32_t room_of(const std::string& line) const {
    const std::lock_guard lock(rooms_mutex_);
    const auto found = rooms_.find(line);
    return found == rooms_.end() ? 0 : found->second;
  }

  void on_ready(std::function<void(const std::string&)> told) {
    tell([this, told = std::move(told)](Millis, Output&) mutable { on_ready_ = std::move(told); });
  }

  void servers(TaskServers::Statuses answer) {
    tell([this, answer = std::move(answer)](Millis, Output&) mutable {
      answer(network_.servers());
    });
  }

 private:
  struct Declared {
    network::Declaring what;
    std::uint64_t no = 0;
    int tries = 0;  // that a conflict has ended
  };
  struct Link {
    std::shared_ptr<TaskLink> end;
    std::string caller;
  };

  network::NetworkSettings settings(const std::string& key) const {
    network::NetworkSettings settings;
    settings.team_slots = parts_.team_attempts;
    settings.epoch = static_cast<std::int64_t>(parts_.epoch);
    settings.token = [key](std::string_view text) {
      return http::hex(http::hmac_sha256(key, text));
    };
    settings.make_id = [](Millis now) { return make_uuid7(now); };
    settings.reconnect_after = [random = std::minstd_rand(std::random_device{}())]() mutable {
      return std::uniform_int_distribution<Millis>(kReconnectMin, kReconnectMax)(random);
    };
    return settings;
  }

  void work() {
    while (!leaving_) {
      auto jobs = jobs_.drain(wake_time());
      Output out;
      for (Job& job : jobs) job(parts_.clock->now(), out);
      hear(out);
      network_.advance(parts_.clock->now(), out);
      act(out);
      const Millis now = parts_.clock->now();
      while (!timed_.empty() && timed_.begin()->first <= now) {
        auto job = std::move(timed_.begin()->second);
        timed_.erase(timed_.begin());
        job();
      }
    }
    jobs_.close();
  }

  /// What a link says, after what it said before.
  void say(Said said) {
    tell([this, said = std::move(said)](Millis, Output&) mutable {
      const auto link = links_.find(said.link);
      if (link != links_.end()) hearing_.say(link->second.caller, std::move(said));
    });
  }

  void hear(Output& out) {
    const Millis now = parts_.clock->now();
    const auto listen = [&](LinkNo no, const std::vector<protocol::ReadMessage>& piece) {
      network_.receive(parts_.clock->now(), no, piece, out);
    };
    const auto close = [&](LinkNo no) {
      network_.closed(parts_.clock->now(), no, out);
      links_.erase(no);
    };
    hearing_.hear(now, listen, close);
    if (now < kept_at_ + kKeepEvery) return;
    kept_at_ = now;
    for (const LinkNo no : hearing_.waiting()) network_.heard(now, no);
  }

  std::optional<std::chrono::steady_clock::time_point> wake_time() const {
    auto timer = network_.next_timer();
    if (const auto heard = hearing_.next(parts_.clock->now()); heard.has_value()) {
      timer = std::min(timer.value_or(*heard), *heard);
    }
    if (!timed_.empty()) {
      timer = std::min(timer.value_or(timed_.begin()->first), timed_.begin()->first);
    }
    if (!timer.has_value()) return std::nullopt;
    const Millis delay = std::max<Millis>(*timer - parts_.clock->now(), 0);
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(delay);
  }

  void act(Output& out) {
    if (!out.rooms.empty()) {
      note_rooms(out.rooms);
      cerebro_->ask(RoomRequest{std::move(out.rooms)}, std::nullopt, [](const auto&) {});
    }
    // Whoever sees that an attempt has ended finds what it has printed and said.
    for (const network::LogLines& lines : out.logs) logs_.add(lines, parts_.clock->wall());
    logs_.add(out.traces, parts_.clock->wall());
    for (AttemptReport& report : out.reports) (void)parts_.sink(std::move(report));
    std::map<LinkNo, std::vector<std::string>> messages;
    for (network::Outgoing& one : out.messages) {
      messages[one.link].push_back(std::move(one.text));
    }
    for (auto& [no, list] : messages) {
      const auto link = links_.find(no);
      if (link != links_.end()) link->second.end->send(std::move(list));
    }
    for (const network::Receipt& one : out.receipts) {
      const auto link = links_.find(one.link);
      if (link != links_.end()) link->second.end->receipt(one.id);
    }
    for (const network::Closing& one : out.closings) {
      const auto link = links_.find(one.link);
      if (link != links_.end()) link->second.end->close();
    }
    for (auto& [name, boot] : out.boots) save_boot(name, boot);
    for (network::Declaring& what : out.declarings) declare(std::move(what));
    tell_of_lost(out.lost);
    for (const ServerName& one : out.ready) {
      if (on_ready_) on_ready_(one.text());
    }
  }

  /// Its team is told; what has become of its attempts is told by itself.
  void tell_of_lost(const std::vector<network::LostServer>& servers) {
    for (const network::LostServer& one : servers) {
      tell_team(
          one.server, fmt::format("server/{}/{}", one.server.text(), one.since),
          parts_.clock->wall(),
          fmt::format("nothing is heard of task server {} since {}; attempts that it had, and are "
                      "lost: {}",
                      one.server.text(), seconds_text(one.since), one.attempts));
    }
  }

  void tell_team(const ServerName& server, std::string id, Millis now, std::string text) {
    IntakeRequest request;
    NoticeRow notice;
    notice.id = std::move(id);
    notice.at = now;
    notice.kind = NoticeKind::kLost;
    notice.team = notice.cause = notice.ns = server.team;
    notice.text = std::move(text);
    request.notices.push_back(std::move(notice));
    cerebro_->ask(std::move(request), std::nullopt, [](const auto&) {});
  }

  void note_rooms(const std::vector<LineRoom>& rooms) {
    const std::lock_guard lock(rooms_mutex_);
    for (const LineRoom& room : rooms) rooms_[room.line] = room.slots;
  }

  void save_boot(const ServerName& name, const std::string& boot) {
    IntakeRequest request;
    request.positions.push_back({boot_position(name), boot});
    cerebro_->ask(std::move(request), std::nullopt, [this, name, boot](const auto& saved) {
      if (!saved.has_value()) return;  // it is asked for again by the server's next `ready`
      tell([this, name, boot](Millis now, Output& out) {
        network_.boot_saved(now, name, boot, out);
      });
    });
  }

  /// One after the other: each is decided by what those before it have changed.
  void declare(network::Declaring what) {
    const std::uint64_t no = ++declared_;
    newest_[what.server] = no;
    declarings_.push_back({std::move(what), no});
    decide_next();
  }

  void decide_next() {
    while (!deciding_ && !declarings_.empty()) {
      Declared next = std::move(declarings_.front());
      declarings_.pop_front();
      decide(std::move(next));
    }
  }

  void decide(Declared one) {
    if (newest_.at(one.what.server) != one.no) {
      return refuse_all(std::move(one.what),
                        {ErrorCode::kConflict, "the server has declared anew meanwhile"});
    }
    const auto here = [this](const ServerName& name) { return network_.is_here(name); };
    auto plan = declarer_.plan(one.what, here);
    if (!plan.has_value()) return refuse_all(std::move(one.what), plan.error());
    if (plan->changes.empty()) return answer(one.what, plan->rejected);
    deciding_ = true;
    AuditNote note = note_of(one.what, plan->changes);
    cerebro_->ask(ApplyRequest{std::move(plan->changes)}, std::move(note),
                  [this, one = std::move(one),
                   rejected = std::move(plan->rejected)](const auto& done) mutable {
                    tell([this, one = std::move(one), rejected = std::move(rejected), done](
                             Millis now, Output&) mutable {
                      deciding_ = false;
                      decided(now, std::move(one), rejected, done);
                      decide_next();
                    });
                  });
  }

  void decided(Millis now, Declared one, const std::vector<network::Rejection>& rejected,
               const Result<std::int64_t>& done) {
    if (done.has_value()) return answer(one.what, rejected);
    if (done.error().code != ErrorCode::kConflict || one.tries == kDecideTries) {
      return refuse_all(std::move(one.what), done.error());
    }
    // A schedule, or a person, has changed flows in the same moment.
    const Millis due = now + one.tries * kDecidePause;
    timed_.emplace(due, [this, one = std::move(one)]() mutable {
      ++one.tries;
      declarings_.push_back(std::move(one));
      decide_next();
    });
  }

  static AuditNote note_of(const network::Declaring& what, const std::vector<FlowChange>& changes) {
    AuditNote note;
    note.actor = what.actor;
    note.action = "declareTasks";
    note.subject = "task server " + what.server.text();
    note.ns = what.server.team;
    std::vector<std::string> names;
    names.reserve(changes.size());
    for (const FlowChange& change : changes) names.push_back(change.flow_id);
    note.after =
        fmt::format(R"({{"revision":{},"changed":"{}"}})", what.revision, fmt::join(names, ", "));
    return note;
  }

  void answer(const network::Declaring& what, const std::vector<network::Rejection>& rejected) {
    tell([this, what, rejected](Millis now, Output& out) {
      network_.declared(now, what, rejected, out);
    });
  }

  void refuse_all(network::Declaring what, const Error& why) {
    std::vector<network::Rejection> rejected;
    rejected.reserve(what.tasks.size());
    for (const protocol::Declaration& task : what.tasks) {
      rejected.push_back({task.id, "#", "unavailable", why.message});
    }
    answer(what, rejected);
  }

  /// It is not handed out: its inputs are wrong.
  void refuse(const StartAttempt& command, TaskErrorCode code, const Error& why, Output& out) {
    Outcome outcome;
    outcome.state = AttemptState::kFailed;
    outcome.error = make_task_error(code, cordyna::Phase::kPrepare, "inputs: " + why.message);
    out.reports.push_back({command.key, ReportKind::kEnded, std::move(outcome)});
  }

  void invoke(const network::Invocation& what, const StartAttempt& command) {
    logs_.know(what.key, command.task);
  }

  /// Which boot a server had when cerebro went last.
  void know(Millis now, const ServerName& name) {
    if (!known_.insert(name).second) return;
    const auto boot = reader_->find_position(boot_position(name));
    if (boot.has_value() && !boot->empty()) network_.know(now, name, *boot);
  }

  TaskServerParts parts_;
  std::unique_ptr<StoreReader> reader_;
  Declarer declarer_;
  TaskLogs logs_;
  Cerebro* cerebro_ = nullptr;
  BoundedQueue<Job> jobs_;
  Network network_;
  std::map<LinkNo, Link> links_;
  Hearing hearing_;
  Millis kept_at_ = 0;  // the last time that who waits to be heard was kept
  std::set<ServerName> known_;
  std::multimap<Millis, std::move_only_function<void()>> timed_;
  std::set<RunNo> served_;  // live runs with attempts of ours; of cerebro's thread alone
  std::function<void(const std::string&)> on_ready_;
  std::deque<Declared> declarings_;
  std::map<ServerName, std::uint64_t> newest_;  // declaration of each server
  std::uint64_t declared_ = 0;
  bool deciding_ = false;  // cerebro was asked for what the one before changes
  bool leaving_ = false;
  std::atomic<LinkNo> last_link_ = 0;
  mutable std::mutex rooms_mutex_;
  std::map<std::string, std::uint32_t> rooms_;  // guarded by rooms_mutex_
  std::thread thread_;
};

TaskServers::TaskServers(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TaskServers::~TaskServers() = default;

Result<std::unique_ptr<TaskServers>> TaskServers::make(TaskServerParts parts) {
  TRY_ASSIGN(const std::string key, cluster_key(parts.layout));
  TRY_ASSIGN(std::unique_ptr<StoreReader> reader, parts.open_reader());
  return std::unique_ptr<TaskServers>(
      new TaskServers(std::make_unique<Impl>(std::move(parts), key, std::move(reader))));
}

void TaskServers::begin(Cerebro& cerebro) {
  impl_->begin(cerebro);
}

void TaskServers::stop() {
  impl_->stop();
}

void TaskServers::start(const StartAttempt& command) {
  if (command.flow->tasks[command.task].kind == TaskKind::kServed) return impl_->start(command);
  impl_->others().start(command);
}

void TaskServers::cancel(const CancelAttempt& command) {
  const bool served =
      command.flow != nullptr && command.flow->tasks[command.task].kind == TaskKind::kServed;
  if (served) return impl_->cancel(command);
  impl_->others().cancel(command);
}

void TaskServers::adopt(const StartAttempt& command) {
  if (command.flow->tasks[command.task].kind == TaskKind::kServed) return impl_->adopt(command);
  impl_->others().adopt(command);
}

void TaskServers::run_ended(const RunRow& run) {
  impl_->run_ended(run.no);
  impl_->others().run_ended(run);
}

void TaskServers::on_commit(const ChangeSet& changes) {
  impl_->on_commit(changes);
}

void TaskServers::on_stopped(const Error& error) {
  static_cast<void>(error);
}

network::LinkNo TaskServers::open(network::Credential who, std::string address, bool http,
                                  std::shared_ptr<TaskLink> link) {
  return impl_->open(std::move(who), std::move(address), http, std::move(link));
}

void TaskServers::receive(network::LinkNo link, std::string text,
                          std::move_only_function<void()> done) {
  impl_->receive(link, std::move(text), std::move(done));
}

void TaskServers::touch(network::LinkNo link, const network::ServerName& server) {
  impl_->touch(link, server);
}

void TaskServers::closed(network::LinkNo link) {
  impl_->closed(link);
}

void TaskServers::tampered(const network::ServerName& server, const std::string& what) {
  impl_->tampered(server, what);
}

void TaskServers::later(Millis delay, std::move_only_function<void()> job) {
  impl_->later(delay, std::move(job));
}

std::uint32_t TaskServers::room_of(const std::string& line) const {
  return impl_->room_of(line);
}

void TaskServers::on_ready(std::function<void(const std::string&)> told) {
  impl_->on_ready(std::move(told));
}

void TaskServers::servers(Statuses answer) {
  impl_->servers(std::move(answer));
}

}  // namespace cordyna::server
