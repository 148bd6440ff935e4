#include "alert/sender.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "alert/mail.hpp"
#include "alert/words.hpp"
#include "base/text.hpp"
#include "http/call.hpp"
#include "http/webhook.hpp"

namespace cordyna::alert {
namespace {

constexpr Millis kLimit = 15'000;
constexpr Millis kConnect = 5000;
constexpr std::string_view kPagerDuty = "https://events.pagerduty.com/v2/enqueue";

using Sent = std::expected<void, SendFailure>;

std::unexpected<SendFailure> failed(Error error, Millis after = -1) {
  return std::unexpected(SendFailure{std::move(error.message), after, error.code});
}

/// The plan, or a secret, is not as it must be.
std::unexpected<SendFailure> wrong(std::string problem) {
  return failed(Error{ErrorCode::kInvalidArgument, std::move(problem)});
}

class Sender {
 public:
  Sender(const Message& message, const SendParts& parts) : message_(message), parts_(parts) {}

  Sent send() {
    const ChannelSpec* channel = parts_.plan->channel(message_.channel);
    if (channel == nullptr) return wrong("there is no such channel any more");
    Sent sent = send_to(*channel);
    if (!sent.has_value()) {
      for (const std::string& secret : secrets_) hide_in(sent.error().problem, secret);
    }
    return sent;
  }

 private:
  Sent send_to(const ChannelSpec& channel) {
    switch (channel.type) {
      case ChannelType::kSlack: return post(channel, slack_body(words_of(message_, parts_.base)));
      case ChannelType::kWebhook: return post(channel, webhook_body(message_, parts_.base));
      case ChannelType::kPagerDuty: return page(channel);
      case ChannelType::kEmail: break;
    }
    return mail(channel);
  }

  Result<std::string> value_of(const MaybeSecret& value) {
    if (value.secret.empty()) return value.text;
    TRY_ASSIGN(std::string found, parts_.secrets->find(value.secret));
    secrets_.push_back(found);
    return found;
  }

  Sent page(const ChannelSpec& channel) {
    const auto key = value_of(channel.key);
    if (!key.has_value()) return failed(key.error());
    for (std::string& body : pagerduty_bodies(message_, parts_.base, *key)) {
      Sent sent = post(channel, std::move(body));
      if (!sent.has_value()) return sent;
    }
    return {};
  }

  Sent post(const ChannelSpec& channel, std::string body) {
    auto request = request_of(channel, std::move(body));
    if (!request.has_value()) return failed(request.error());
    http::CallSpec spec;
    spec.request = std::move(*request);
    spec.client.waits.connect = kConnect;
    spec.client.waits.idle = kLimit;
    spec.client.waits.cancel_fd = parts_.cancel_fd;
    spec.limit = kLimit;
    if (!channel.key.empty() && channel.type == ChannelType::kWebhook) {
      const auto secret = value_of(channel.key);
      if (!secret.has_value()) return failed(secret.error());
      const auto key = http::webhook_key(*secret);
      if (!key.has_value()) return failed(key.error());
      spec.prepare = [this, key = *key](http::Request& out) {
        http::sign_webhook(out, message_.id, parts_.now / 1000, key);
      };
    }
    const auto called = http::call(spec);
    if (called.has_value()) return {};
    return failed(called.error().error, called.error().retry_after);
  }

  Result<http::Request> request_of(const ChannelSpec& channel, std::string body) {
    http::Request request;
    request.method = "POST";
    TRY_ASSIGN(const std::string url, value_of(channel.url));
    TRY_ASSIGN(request.url, http::parse_url(url.empty() ? std::string(kPagerDuty) : url));
    if (!channel.url.secret.empty()) {
      // A problem shows the address in a form of its own.
      const std::string& target = request.url.target;
      secrets_.push_back(target.substr(0, target.find('?')));
    }
    request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", message_.id}};
    for (const auto& [name, value] : channel.headers) {
      TRY_ASSIGN(std::string text, value_of(value));
      http::set_header(request.headers, name, std::move(text));
    }
    request.body = std::move(body);
    return request;
  }

  /// Of a channel without addresses: the contacts of the teams that the message is about.
  std::vector<std::string> addresses(const ChannelSpec& channel) const {
    if (!channel.to.empty()) return channel.to;
    std::vector<std::string> out;
    const auto add = [&out](const TeamSpec& team) {
      for (const std::string& contact : team.contacts) {
        if (is_mail_address(contact)) out.push_back(contact);
      }
    };
    for (const Incident& one : message_.incidents) {
      const TeamSpec* team = parts_.plan->team(one.team);
      if (team != nullptr) add(*team);
    }
    if (const TeamSpec* team = parts_.plan->team(message_.note.team); team != nullptr) add(*team);
    for (const TeamSpec& team : parts_.plan->teams) {  // a try is for all who would hear of it
      const bool has = std::ranges::find(team.channels, channel.name) != team.channels.end();
      if (message_.type == MessageType::kTest && has) add(team);
    }
    std::ranges::sort(out);
    const auto same = std::ranges::unique(out);
    out.erase(same.begin(), same.end());
    return out;
  }

  Sent mail(const ChannelSpec& channel) {
    if (!parts_.plan->mail.has_value()) return wrong("'email' in teams.yaml names no server");
    const MailServer& server = *parts_.plan->mail;
    const auto password = value_of(server.password);
    if (!password.has_value()) return failed(password.error());
    const Words words = words_of(message_, parts_.base);
    Mail mail{.password = *password, .to = addresses(channel), .subject = words.title};
    if (mail.to.empty()) {
      return wrong(
          "nobody to write to: neither the channel nor a contact of the team has an "
          "address of e-mail");
    }
    mail.text = words.text + "\n";
    mail.id = message_.id;
    mail.at = message_.at;
    if (!server.ca_file.empty()) {
      std::ifstream file(server.ca_file, std::ios::binary);
      if (!file) return wrong(fmt::format("cannot read {}", server.ca_file));
      mail.ca_pem.assign(std::istreambuf_iterator<char>(file), {});
    }
    const Result<> sent = send_mail(server, mail, kLimit);
    return sent.has_value() ? Sent() : failed(sent.error());
  }

  const Message& message_;
  const SendParts& parts_;
  std::vector<std::string> secrets_;  // that no problem may show
};

}  // namespace

Sent send(const Message& message, const SendParts& parts) {
  return Sender(message, parts).send();
}

}  // namespace cordyna::alert
