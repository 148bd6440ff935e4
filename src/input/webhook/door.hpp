/// The HTTP server of an address, and what lies behind each of its paths.
///
/// Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "cordyna/webhook.hpp"
#include "input/webhook/desk.hpp"
#include "server/http/http_server.hpp"

namespace cordyna::input {

/// What a path takes, and from whom.
struct Place {
  std::string path;
  WebhookFormat format = WebhookFormat::kEvent;
  std::vector<std::string> secrets{};  ///< empty: no signature is wanted
  Millis tolerance = 0;
  std::size_t body_bytes = 0;
  Desk desk{};
};

class Door final : public server::HttpHandler {
 public:
  /// The one of the address, if there is one; with port 0 always a new one. Errors: kConflict: that
  /// has another certificate.
  [[nodiscard]] static Result<std::shared_ptr<Door>> at(server::HttpSettings settings);

  explicit Door(server::HttpSettings settings) : settings_(std::move(settings)) {}
  ~Door() override = default;
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  /// Errors: kConflict: the path is taken.
  [[nodiscard]] Result<> add(const std::shared_ptr<Place>& place);
  void remove(const std::string& path);

  /// The first one begins to listen, the last one ends it: once the answers are out, or after a
  /// second. Errors: as HttpServer::start; then without `leave`.
  [[nodiscard]] Result<std::uint16_t> enter();
  void leave();

  [[nodiscard]] std::size_t body_limit(const server::HttpRequest& head) const override;
  void handle(server::HttpRequest request, server::Respond respond) override;
  [[nodiscard]] server::HttpResponse problem(int status, std::string_view detail) const override;

 private:
  [[nodiscard]] std::shared_ptr<Place> find(const std::string& path) const;

  const server::HttpSettings settings_;
  mutable std::mutex places_mutex_;
  std::map<std::string, std::shared_ptr<Place>> places_;  // guarded by places_mutex_
  std::mutex life_mutex_;                                 // never with a handler's call within
  int users_ = 0;                                         // guarded by life_mutex_
  std::unique_ptr<server::HttpServer> server_;            // guarded by life_mutex_
};

}  // namespace cordyna::input
