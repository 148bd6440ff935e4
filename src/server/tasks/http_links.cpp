#include "server/tasks/http_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "protocol/envelope.hpp"

namespace cordyna::server {
namespace {

constexpr std::ptrdiff_t kPlacesMax = 1'000;                 ///< of one team
constexpr std::size_t kMessagesMax = 10'000;                 ///< that wait to be fetched
constexpr std::size_t kUnheardMax = 2 * protocol::kListMax;  ///< bytes of messages of one server
constexpr Millis kSaveWait = 15'000;
constexpr std::string_view kProblemType = R"("type":"cordyna.message.problem.v1")";
constexpr std::string_view kCommandType = R"("type":"cordyna.task.)";

HttpResponse list_of(int status, const std::vector<std::string>& messages) {
  HttpResponse response{status, {{"Content-Type", "application/cloudevents-batch+json"}}, {}};
  if (status == 429 || status == 503) response.headers.push_back({"Retry-After", "1"});
  response.body = "[";
  for (const std::string& one : messages) {
    if (response.body.size() > 1) response.body += ",\n";
    response.body += one;
  }
  response.body += "]\n";
  return response;
}

const protocol::BadMessage kTooManyServers{
    {}, {}, "too_many", {{"#/source", "the team has more task servers than may be"}}};

std::string problem_message(const protocol::BadMessage& bad) {
  protocol::Head head;
  head.id = make_uuid7(0);
  head.source = network::kCerebroSource;
  return protocol::write_message(protocol::MessageKind::kProblem, head,
                                 protocol::problem_data(bad, false));
}

}  // namespace

/// What lies between one server and its requests.
class HttpLinks::Mailbox final : public TaskLink {
 public:
  void send(std::vector<std::string> messages) override {
    const std::lock_guard lock(mutex_);
    for (std::string& one : messages) {
      if (one.find(kCommandType) == std::string::npos) {
        note_reply(std::move(one));
      } else if (commands_.size() < kMessagesMax) {
        commands_.push_back(std::move(one));
      }
    }
    if (!commands_.empty() && waiting_) {
      std::exchange(waiting_, nullptr)(list_of(200, std::exchange(commands_, {})));
    }
  }

  void receipt(const std::string& id) override {
    const std::lock_guard lock(mutex_);
    for (Post& post : posts_) post.ids.erase(id);
    finish();
  }

  void close() override {}

  /// Whether so many bytes may wait to be looked at, which `heard` ends. One list always may.
  bool takes(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (unheard_ > 0 && unheard_ + bytes > kUnheardMax) return false;
    unheard_ += bytes;
    return true;
  }
  void heard(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    unheard_ -= bytes;
  }

  /// Gives its number.
  std::uint64_t expect(std::set<std::string> ids, std::vector<std::string> replies,
                       Respond respond) {
    const std::lock_guard lock(mutex_);
    const bool refused = !replies.empty();
    posts_.push_back({++last_, std::move(ids), std::move(replies), refused, std::move(respond)});
    finish();
    return last_;
  }

  void give_up(std::uint64_t no) {
    const std::lock_guard lock(mutex_);
    const auto post = std::ranges::find(posts_, no, &Post::no);
    if (post == posts_.end()) return;
    post->respond(list_of(503, post->replies));  // a 2xx would be the receipt
    posts_.erase(post);
  }

  std::uint64_t wait(Respond respond) {
    const std::lock_guard lock(mutex_);
    if (waiting_) std::exchange(waiting_, nullptr)(list_of(200, {}));
    if (!commands_.empty()) {
      respond(list_of(200, std::exchange(commands_, {})));
      return 0;
    }
    waiting_ = std::move(respond);
    return waiter_ = ++last_;
  }

  void stop_waiting(std::uint64_t no) {
    const std::lock_guard lock(mutex_);
    if (waiter_ == no && waiting_) std::exchange(waiting_, nullptr)(list_of(200, {}));
  }

 private:
  struct Post {
    std::uint64_t no = 0;
    std::set<std::string> ids;  ///< that are not saved yet
    std::vector<std::string> replies;
    bool refused = false;
    Respond respond;
  };

  /// Whose it is: a problem names its message, anything else goes to all that wait.
  void note_reply(std::string text) {
    const bool problem = text.find(kProblemType) != std::string::npos;
    for (Post& post : posts_) {
      const bool its = !problem || std::ranges::any_of(post.ids, [&](const std::string& id) {
        return text.find(fmt::format(R"("of":"{}")", id)) != std::string::npos;
      });
      if (!its) continue;
      post.replies.push_back(text);
      post.refused = post.refused || problem;
    }
  }

  void finish() {
    std::erase_if(posts_, [](Post& post) {
      if (!post.ids.empty()) return false;
      post.respond(list_of(post.refused ? 422 : 200, post.replies));
      return true;
    });
  }

  std::mutex mutex_;
  std::uint64_t last_ = 0;  // guarded by mutex_, as all that follows
  std::size_t unheard_ = 0;
  std::vector<std::string> commands_;
  std::vector<Post> posts_;
  Respond waiting_;
  std::uint64_t waiter_ = 0;
};

HttpLinks::Place HttpLinks::place_of(const network::ServerName& server,
                                     const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(server);
  if (found != places_.end()) return found->second;
  const auto of_team = std::ranges::count_if(
      places_, [&server](const auto& one) { return one.first.team == server.team; });
  if (of_team >= kPlacesMax) return {};
  Place place;
  place.mailbox = std::make_shared<Mailbox>();
  // Who may speak was looked at before, for each request by itself.
  network::Credential who;
  who.allows = [team = server.team](std::string_view other) { return team == other; };
  who.server = server.server;
  who.actor = "task server " + server.text();
  who.share = "team " + server.team;
  place.link = servers_.open(std::move(who), address, true, place.mailbox);
  return places_.emplace(server, std::move(place)).first->second;
}

void HttpLinks::post(const Caller& caller, const std::string& address, std::string text,
                     Respond respond) {
  const auto read = protocol::read_messages(text, protocol::Direction::kToCerebro);
  std::optional<network::ServerName> server;
  std::set<std::string> ids;
  std::vector<std::string> refused;
  for (const protocol::ReadMessage& one : read) {
    if (const auto* bad = std::get_if<protocol::BadMessage>(&one)) {
      if (bad->id.empty()) {
        refused.push_back(problem_message(*bad));
      } else {
        ids.insert(bad->id);
      }
      continue;
    }
    const protocol::Message& message = std::get<protocol::Message>(one);
    const auto name = network::parse_source(message.head.source);
    if (!name.has_value() || !caller.speaks_for(name->team)) {
      return respond(list_of(
          403, {problem_message({message.head.id,
                                 {},
                                 "forbidden",
                                 {{"#/source", "the credential is not of this task server"}}})}));
    }
    if (server.has_value() && *server != *name) {
      return respond(list_of(
          422, {problem_message({message.head.id,
                                 {},
                                 "invalid",
                                 {{"#/source", "all messages of a list are of one server"}}})}));
    }
    server = name;
    ids.insert(message.head.id);
  }
  if (!server.has_value()) {  // nothing that could be taken
    for (const protocol::ReadMessage& one : read) {
      const auto& bad = std::get<protocol::BadMessage>(one);
      if (!bad.id.empty()) refused.push_back(problem_message(bad));
    }
    return respond(list_of(422, refused));
  }
  const Place place = place_of(*server, address);
  if (place.link == 0) return respond(list_of(503, {problem_message(kTooManyServers)}));
  const std::size_t bytes = text.size();
  if (!place.mailbox->takes(bytes)) {
    return respond(
        list_of(429, {problem_message({{},
                                       {},
                                       "too_many",
                                       {{"#",
                                         "the server has said more than was looked at yet; say it "
                                         "again later"}}})}));
  }
  const std::uint64_t no =
      place.mailbox->expect(std::move(ids), std::move(refused), std::move(respond));
  servers_.touch(place.link, *server);
  servers_.receive(place.link, std::move(text),
                   [mailbox = place.mailbox, bytes] { mailbox->heard(bytes); });
  servers_.later(kSaveWait, [mailbox = place.mailbox, no] { mailbox->give_up(no); });
}

void HttpLinks::fetch(const Caller& caller, const std::string& address,
                      const network::ServerName& server, Millis wait, Respond respond) {
  if (!caller.speaks_for(server.team)) return respond(list_of(403, {}));
  const Place place = place_of(server, address);
  if (place.link == 0) return respond(list_of(503, {problem_message(kTooManyServers)}));
  servers_.touch(place.link, server);
  const std::uint64_t no = place.mailbox->wait(std::move(respond));
  if (no == 0) return;
  servers_.later(wait, [mailbox = place.mailbox, no] { mailbox->stop_waiting(no); });
}

}  // namespace cordyna::server
