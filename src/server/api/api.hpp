/// The API: every request goes through the gate to the handler of its route.
///
/// Handlers run on the HTTP server's thread, read by a reader of their own, and never wait: what is
/// to be changed goes to cerebro, whose answer comes later.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "alert/status.hpp"
#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "flow/file_bounds.hpp"
#include "model/input_status.hpp"
#include "model/layout.hpp"
#include "ports/git_follows.hpp"
#include "ports/plugin_types.hpp"
#include "ports/secrets.hpp"
#include "ports/state_copy.hpp"
#include "ports/store.hpp"
#include "server/api/call.hpp"
#include "server/api/gate.hpp"
#include "server/auth/identity.hpp"
#include "server/hooks/hook_book.hpp"
#include "server/hooks/waiters.hpp"
#include "server/live/hub.hpp"
#include "server/tasks/http_links.hpp"
#include "service/flow_cache.hpp"
#include "service/need_graph.hpp"

namespace cordyna::server {

/// Borrowed, but for what is shared.
struct ApiParts {
  StateLayout layout;
  const Clock* clock = nullptr;
  Cerebro* cerebro = nullptr;
  StoreReader* reader = nullptr;  ///< for the HTTP server's thread alone
  std::shared_ptr<Identity> identity;
  std::shared_ptr<Hub> hub;
  std::string epoch{};  ///< of this server: another one after each start
  FlowCache* flows = nullptr;
  StoreReader* plan_reader = nullptr;  ///< as `needs`: only within Api::work
  NeedGraph* needs = nullptr;
  SecretKeeper* secrets = nullptr;
  const Evaluator* evaluator = nullptr;
  HookBook* hooks = nullptr;  ///< for the HTTP server's thread alone
  std::shared_ptr<Waiters> waiters{};
  engine::Limits limits{};  ///< pools and places
  const PluginTypes* plugin_types = nullptr;
  std::function<std::vector<InputStatus>()> inputs{};
  std::function<alert::AlertStatus()> alerts{};
  std::function<Result<>(const std::string&)> try_channel{};
  std::function<Result<>(const std::string&, const std::string&)> acknowledge{};
  GitFollows* git = nullptr;
  std::function<Result<StateCopy>(const StateLayout&, const std::string&)> back_up{};
  std::function<HttpCounts()> http_counts{};
  flow::FileBounds files{};             ///< of inputs that come over the network
  TaskServers* task_servers = nullptr;  ///< null: none are taken
  bool secure_cookies = false;          ///< sessions only over TLS
  std::uint32_t streams_max = 200;
  std::uint32_t sessions_max = 500;  ///< WebSockets of task servers with one token
};

struct SessionCounts;

class Api final : public HttpHandler {
 public:
  Api(ApiParts parts, GateSettings settings);
  ~Api() override;
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  void begin(PostHome post) override { home_ = std::move(post); }
  [[nodiscard]] std::size_t body_limit(const HttpRequest& head) const override;
  void handle(HttpRequest request, Respond respond) override;
  [[nodiscard]] HttpResponse problem(int status, std::string_view detail) const override;

  // For the handlers.
  [[nodiscard]] StoreReader& reader() { return *parts_.reader; }
  [[nodiscard]] Cerebro& cerebro() { return *parts_.cerebro; }
  [[nodiscard]] Identity& identity() { return *parts_.identity; }
  /// For what is done after a commit, when the server may have gone.
  [[nodiscard]] std::shared_ptr<Identity> shared_identity() { return parts_.identity; }
  [[nodiscard]] std::shared_ptr<Hub> hub() { return parts_.hub; }
  [[nodiscard]] FlowCache& flows() { return *parts_.flows; }
  [[nodiscard]] SecretKeeper& secrets() { return *parts_.secrets; }
  [[nodiscard]] HookBook& hooks() { return *parts_.hooks; }
  [[nodiscard]] std::shared_ptr<Waiters> waiters() { return parts_.waiters; }
  [[nodiscard]] const ApiParts& parts() const { return parts_; }
  /// Null: no task servers are taken.
  [[nodiscard]] HttpLinks* task_links() { return task_links_.get(); }
  [[nodiscard]] Gate& gate() { return gate_; }
  [[nodiscard]] Millis now() const { return parts_.clock->wall(); }

  /// As Cerebro::ask, but the answer comes on the HTTP server's thread: cerebro has better to do
  /// than to make the bytes, and memory is freed where it was taken.
  void ask(ServerRequest request, std::optional<AuditNote> note, Answer answer);
  /// For what takes long: on another thread, one after the other. What comes when too much waits is
  /// dropped, so that its call is answered with an error.
  void work(std::move_only_function<void()> job);
  /// Of no password: costs as much to compare as that of a user.
  /// Only within `work`.
  [[nodiscard]] const std::string& decoy_hash();

  /// One more live stream, until what it gives is gone. Null: there are too many.
  [[nodiscard]] std::shared_ptr<void> count_stream();
  /// The same of one more session of task servers with a token.
  [[nodiscard]] std::shared_ptr<void> count_session(const std::string& token);
  /// The run that the path names, if the caller has the route's role there. Nullopt: the call is
  /// refused already.
  [[nodiscard]] std::optional<RunRow> run_of(Call& call);
  /// Whether the server takes work: false while it goes.
  void set_ready(bool ready) { ready_ = ready; }
  [[nodiscard]] bool is_ready() const { return ready_; }

 private:
  void run_jobs();

  ApiParts parts_;
  Gate gate_;
  std::unique_ptr<HttpLinks> task_links_;
  PostHome home_;
  std::atomic<bool> ready_ = true;
  std::shared_ptr<std::atomic<std::uint32_t>> streams_ =
      std::make_shared<std::atomic<std::uint32_t>>(0);
  std::shared_ptr<SessionCounts> sessions_;
  std::string decoy_hash_;
  std::mutex jobs_mutex_;
  std::condition_variable jobs_wake_;
  std::deque<std::move_only_function<void()>> jobs_;  // guarded by jobs_mutex_
  bool stopping_ = false;                             // guarded by jobs_mutex_
  std::thread worker_;
};

/// What the audit says of a call.
[[nodiscard]] AuditNote note_of(const Call& call, std::string subject, std::string ns,
                                std::string before = {}, std::string after = {});

}  // namespace cordyna::server
