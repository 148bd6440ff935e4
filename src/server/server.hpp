/// Cerebro's server: the API over HTTP, with those who may use it.
///
/// Threads: one; what it starts has its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alert/status.hpp"
#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "flow/file_bounds.hpp"
#include "model/input_status.hpp"
#include "model/layout.hpp"
#include "ports/clock.hpp"
#include "ports/evaluator.hpp"
#include "ports/git_follows.hpp"
#include "ports/plugin_types.hpp"
#include "ports/secrets.hpp"
#include "ports/state_copy.hpp"
#include "ports/store.hpp"
#include "server/http/http_server.hpp"
#include "service/flow_cache.hpp"

namespace cordyna::server {

class TaskServers;

struct ServerSettings {
  HttpSettings http;
  bool insecure_plaintext = false;        ///< an address beyond this machine without TLS is meant
  std::string public_url;                 ///< how browsers reach it; empty: by its address
  std::vector<std::string> cors;          ///< origins whose pages may use the API with a token
  flow::FileBounds files;                 ///< of inputs that come over the network
  std::uint32_t streams = 200;            ///< live streams at once
  std::uint32_t sessions = 500;           ///< WebSockets of task servers with one token
  std::uint32_t requests_per_second = 0;  ///< of one caller; 0: no bound
  std::uint32_t runs_per_day = 0;         ///< that one caller begins; 0: no bound
  std::uint32_t failures_per_second = 5;  ///< refused ones of one address
};

/// All borrowed, but what functions give.
struct ServerParts {
  StateLayout layout;
  const Clock* clock = nullptr;
  Cerebro* cerebro = nullptr;
  FlowCache* flows = nullptr;
  std::function<Result<std::unique_ptr<StoreReader>>()> open_reader;
  std::unique_ptr<SecretKeeper> secrets;
  std::unique_ptr<Secrets> secret_values;  ///< for webhooks
  const Evaluator* evaluator = nullptr;
  engine::Limits limits;                      ///< pools and places
  const PluginTypes* plugin_types = nullptr;  ///< of the flows that are applied over the network
  TaskServers* task_servers = nullptr;        ///< null: none are taken
  std::function<std::vector<InputStatus>()> inputs;  ///< from any thread
  std::function<alert::AlertStatus()> alerts;        ///< from any thread; empty: nobody is told
  /// Sends a message that tries a channel out. From any thread; takes its time.
  std::function<Result<>(const std::string& channel)> try_channel;
  /// Somebody is at an alert. From any thread; waits until it is saved.
  std::function<Result<>(const std::string& alert, const std::string& by)> acknowledge;
  GitFollows* git = nullptr;  ///< null: nothing is followed
  /// Copies the state into a file that is not there. From any thread.
  std::function<Result<StateCopy>(const StateLayout&, const std::string& file)> back_up;
};

/// Whether a server could start so, but for whether its address is free. Errors: kInvalidArgument.
[[nodiscard]] Result<> check(const ServerSettings& settings);

/// The OpenAPI 3.1 document of the API, as JSON.
[[nodiscard]] const std::string& openapi();
/// Its reference for people, as Markdown.
[[nodiscard]] std::string api_reference();

class Server {
 public:
  /// Makes the first user with a token, where there is none: admin, with its token in the state
  /// folder's file admin.token, mode 0600. Errors: kInvalidArgument: an address beyond this machine
  /// without TLS; kUnavailable: the address; those of the store.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerSettings& settings,
                                                             ServerParts parts);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// "http://127.0.0.1:7070"
  [[nodiscard]] const std::string& url() const;
  /// Of the first start: a link that logs in once; empty: there were users before.
  [[nodiscard]] const std::string& login_link() const;
  /// As HttpServer::reload_certificate.
  [[nodiscard]] Result<> reload_certificate();
  /// No more requests but for what is under way.
  void drain();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::server
