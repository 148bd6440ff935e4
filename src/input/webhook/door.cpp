#include "input/webhook/door.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "http/webhook.hpp"
#include "input/webhook/body.hpp"

namespace cordyna::input {
namespace {

constexpr std::chrono::milliseconds kLastAnswers{1000};
constexpr std::size_t kUnknownBody = std::size_t{64} << 10;

struct Doors {
  std::mutex mutex;
  std::map<std::pair<std::string, std::uint16_t>, std::weak_ptr<Door>> by_address;
};

/// Of the program: as its ports are.
Doors& doors() {
  static Doors all;
  return all;
}

Millis wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string_view words_of(http::WebhookVerdict verdict) {
  switch (verdict) {
    case http::WebhookVerdict::kRight: break;
    case http::WebhookVerdict::kMissing:
      return "webhook-id, webhook-timestamp and webhook-signature are wanted, each once";
    case http::WebhookVerdict::kWrong: return "the signature does not fit";
    case http::WebhookVerdict::kTooOld: return "it was signed too long ago; see the sender's clock";
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<Door>> Door::at(server::HttpSettings settings) {
  if (settings.port == 0) return std::make_shared<Door>(std::move(settings));
  Doors& all = doors();
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.by_address, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<Door>& known = all.by_address[{settings.address, settings.port}];
  if (std::shared_ptr<Door> door = known.lock()) {
    if (door->settings_.certificate == settings.certificate && door->settings_.key == settings.key)
      return door;
    return fail(ErrorCode::kConflict,
                fmt::format("another input listens on {} port {} with another certificate",
                            settings.address, settings.port));
  }
  auto made = std::make_shared<Door>(std::move(settings));
  known = made;
  return made;
}

Result<> Door::add(const std::shared_ptr<Place>& place) {
  const std::lock_guard lock(places_mutex_);
  if (places_.emplace(place->path, place).second) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("another input has the path '{}' of this address", place->path));
}

void Door::remove(const std::string& path) {
  const std::lock_guard lock(places_mutex_);
  places_.erase(path);
}

Result<std::uint16_t> Door::enter() {
  const std::lock_guard lock(life_mutex_);
  if (server_ == nullptr) {
    TRY_ASSIGN(server_, server::HttpServer::start(settings_, *this));
  }
  ++users_;
  return server_->port();
}

void Door::leave() {
  const std::lock_guard lock(life_mutex_);
  if (--users_ > 0) return;
  server_->drain();
  const auto until = std::chrono::steady_clock::now() + kLastAnswers;
  // Nobody tells of the last connection's end: it is looked for, for a moment, once in a life.
  while (server_->counts().open > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  server_.reset();
}

std::size_t Door::body_limit(const server::HttpRequest& head) const {
  const auto place = find(head.path);
  return place == nullptr ? kUnknownBody : place->body_bytes;
}

void Door::handle(server::HttpRequest request, server::Respond respond) {
  const auto place = find(request.path);
  if (place == nullptr) return respond(problem(404, "no input has this path"));
  if (request.method != "POST" && request.method != "PUT") {
    server::HttpResponse refused = problem(405, "an event comes with POST or PUT");
    refused.headers.push_back({"Allow", "POST, PUT"});
    return respond(std::move(refused));
  }
  const bool is_signed = !place->secrets.empty();
  if (is_signed) {
    const http::WebhookVerdict verdict = http::check_webhook(
        request.headers, request.body, place->secrets, wall_now(), place->tolerance);
    if (verdict != http::WebhookVerdict::kRight) {
      return respond(problem(401, words_of(verdict)));
    }
  }
  auto event = event_of(request, place->format, is_signed);
  if (!event.has_value()) {
    return respond(problem(event.error().status, event.error().detail));
  }
  place->desk.lay({*std::move(event), std::move(respond)});
}

server::HttpResponse Door::problem(int status, std::string_view detail) const {
  return problem_response(status, detail);
}

std::shared_ptr<Place> Door::find(const std::string& path) const {
  const std::lock_guard lock(places_mutex_);
  const auto found = places_.find(path);
  return found == places_.end() ? nullptr : found->second;
}

}  // namespace cordyna::input
