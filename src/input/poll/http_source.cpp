#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "http/call.hpp"
#include "http/digest.hpp"
#include "http/end_signal.hpp"
#include "input/json_check.hpp"
#include "input/poll/http_request.hpp"
#include "input/poll/json_slice.hpp"
#include "input/poll/source.hpp"

namespace cordyna::input {

std::string name_of_item(std::string_view key) {
  constexpr std::size_t kDigits = 32;
  return http::hex(http::sha256(key)).substr(0, kDigits);
}

namespace {

using Failed = std::unexpected<PollFailure>;

constexpr std::size_t kPagesMax = 1'000;
constexpr std::size_t kCursorBytesMax = 4'096;

Failed poll_failed(ErrorCode code, std::string message) {
  return Failed(PollFailure{{code, std::move(message)}});
}

/// One answer, taken apart.
struct Page {
  std::vector<PollItem> items;
  std::optional<std::string> next;
};

class HttpSource final : public PollSource {
 public:
  HttpSource(const HttpPoll& options, std::stop_token stop)
      : options_(options),
        stop_(std::move(stop)),
        end_(stop_, std::chrono::milliseconds(0)),
        request_(poll_request(options)) {
    // They were checked before.
    items_ = parse_json_path(options.items).value_or(std::vector<std::string>());
    next_ = parse_json_path(options.next).value_or(std::vector<std::string>());
    cursor_ = parse_json_path(options.poll.cursor).value_or(std::vector<std::string>());
    keys_.reserve(options.poll.key.size());
    for (const std::string& key : options.poll.key) {
      keys_.push_back(parse_json_path(key).value_or(std::vector<std::string>()));
    }
  }

  [[nodiscard]] std::string location() const override {
    return request_.has_value() ? request_->url.shown() : options_.url;
  }
  [[nodiscard]] const char* member() const override { return "item"; }

  std::expected<PollAnswer, PollFailure> poll(const PollPosition& position, std::size_t /*known*/,
                                              bool /*newest*/) override {
    auto answer = ask(position);
    if (!answer.has_value()) {
      // What a server repeats of what it got must not be shown.
      for (const std::string* secret : {&options_.token, &options_.password}) {
        hide_in(answer.error().error.message, *secret);
      }
    }
    return answer;
  }

 private:
  [[nodiscard]] bool by_cursor() const { return !cursor_.empty(); }

  std::expected<PollAnswer, PollFailure> ask(const PollPosition& position) {
    if (!request_.has_value()) return Failed(PollFailure{request_.error()});
    auto request = begin_request(position);
    if (!request.has_value()) return Failed(PollFailure{std::move(request.error())});
    PollAnswer answer;
    const bool tags = options_.next.empty();
    if (tags) answer.tag_of = tag_of(*request);
    const bool asked = tags && !position.tag.empty() && position.tag_of == answer.tag_of;
    if (asked) add_tag(*request, position.tag);
    std::size_t bytes = 0;
    for (std::size_t pages = 1;; ++pages) {
      auto called = call(*request);
      if (!called.has_value()) return Failed(std::move(called.error()));
      if (called->status == 304) {
        answer.is_same = true;
        return answer;
      }
      if (tags) answer.tag = tag_in(*called);
      auto page = page_of(called->body);
      if (!page.has_value()) {
        page.error().message = fmt::format("{}: {}", location(), page.error().message);
        return Failed(PollFailure{std::move(page.error())});
      }
      bytes += called->body.size();
      std::ranges::move(page->items, std::back_inserter(answer.items));
      if (!by_cursor() || !page->next.has_value()) {
        answer.token = std::move(page->next);
        break;
      }
      if (pages == kPagesMax || bytes > kPollAnswerMax) {
        return poll_failed(ErrorCode::kInvalidArgument,
                           fmt::format("{}: one poll has more than {} pages, or {} bytes",
                                       location(), kPagesMax, grouped(kPollAnswerMax)));
      }
      request = next_request(*page->next);
      if (!request.has_value()) return Failed(PollFailure{std::move(request.error())});
    }
    finish(position, answer);
    return answer;
  }

  void finish(const PollPosition& position, PollAnswer& answer) const {
    if (by_cursor()) {
      std::ranges::stable_sort(answer.items, [](const PollItem& a, const PollItem& b) {
        return order(*a.cursor, *b.cursor) < 0;
      });
      return;
    }
    if (!answer.token.has_value() || answer.items.empty()) return;
    answer.more = !position.cursor.has_value() || position.cursor->text != *answer.token;
  }

  Result<http::Request> begin_request(const PollPosition& position) const {
    if (!position.cursor.has_value()) return *request_;
    if (!by_cursor()) return next_request(position.cursor->text);
    http::Request request = *request_;
    TRY(put_value(request, options_.send, *position.cursor));
    return request;
  }

  Result<http::Request> next_request(const std::string& token) const {
    http::Request request = *request_;
    if (options_.send_next != PollSend()) {
      TRY(put_value(request, options_.send_next, {false, token}));
      return request;
    }
    auto url = http::resolve_url(request.url, token);
    if (!url.has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' is no address that leads on ({}); `send_next` says how a token "
                              "goes to the service",
                              options_.next, url.error().message));
    }
    if (!url->same_origin(request.url)) {
      return fail(ErrorCode::kDenied,
                  fmt::format("'{}' leads to another origin, {}, which gets nothing of this one",
                              options_.next, url->shown()));
    }
    request.url = *std::move(url);
    return request;
  }

  [[nodiscard]] std::string tag_of(const http::Request& request) const {
    std::string text = request.url.text() + "\n" + request.body + "\n" + options_.items + "\n" +
                       options_.poll.cursor;
    for (const std::string& key : options_.poll.key) text += "\n" + key;
    for (const http::Header& header : request.headers) {
      if (header.name == options_.send.header) text += "\n" + header.value;
    }
    return name_of_item(text);
  }

  static std::string tag_in(const http::Response& response) {
    constexpr std::size_t kTagMax = 1'024;
    const std::string tag = response.header("ETag");
    if (!tag.empty() && tag.size() <= kTagMax) return "If-None-Match: " + tag;
    const std::string when = response.header("Last-Modified");
    return when.empty() || when.size() > kTagMax ? "" : "If-Modified-Since: " + when;
  }

  static void add_tag(http::Request& request, const std::string& tag) {
    const std::size_t colon = tag.find(": ");
    if (colon == std::string::npos) return;
    http::Header header{tag.substr(0, colon), tag.substr(colon + 2)};
    if (http::check_header(header).has_value()) request.headers.push_back(std::move(header));
  }

  std::expected<http::Response, PollFailure> call(const http::Request& request) {
    const auto end_fd = end_.descriptor();
    if (!end_fd.has_value()) return Failed(PollFailure{end_fd.error()});
    http::CallSpec spec;
    spec.request = request;
    spec.client.waits.cancel_fd = *end_fd;
    spec.client.waits.idle = options_.poll.timeout.count();
    spec.client.ca_file = options_.ca_file;
    spec.client.reach = http::Reach::kNoLinkLocal;
    spec.client.answer_bytes_max = options_.answer_bytes + 1;
    spec.limit = options_.poll.timeout.count();
    spec.accepted = {StatusRange{}, StatusRange{304, 304}};
    spec.follows = options_.method == "GET";
    auto called = http::call(spec);
    if (!called.has_value()) {
      return Failed(PollFailure{std::move(called.error().error), called.error().retry_after});
    }
    if (called->response.body.size() > options_.answer_bytes) {
      return poll_failed(ErrorCode::kInvalidArgument,
                         fmt::format("{}: the answer is larger than {} bytes; ask for less at a "
                                     "time, or raise the limit",
                                     location(), grouped(options_.answer_bytes)));
    }
    return std::move(called->response);
  }

  Result<Page> page_of(const std::string& body) const {
    Page page;
    if (body.empty()) return page;
    TRY(check_json(body));
    if (!next_.empty()) {
      const auto next = json_at(body, next_);
      if (next.has_value() && *next != "null") {
        std::string token = json_plain(*next);
        if (token.size() > kCursorBytesMax || next->starts_with('{') || next->starts_with('[')) {
          return fail(ErrorCode::kInvalidArgument,
                      fmt::format("'{}' is {} of {} bytes, and must be a text or a number of {} at "
                                  "most",
                                  options_.next, json_kind(*next), next->size(), kCursorBytesMax));
        }
        if (!token.empty()) page.next = std::move(token);
      }
    }
    TRY_ASSIGN(const std::vector<std::string_view> found, items_in(body));
    page.items.reserve(found.size());
    for (const std::string_view one : found) {
      auto item = item_of(one);
      if (!item.has_value()) {
        item.error().message =
            fmt::format("item {}: {}", page.items.size() + 1, item.error().message);
        return std::unexpected<Error>(std::move(item.error()));
      }
      page.items.push_back(*std::move(item));
    }
    return page;
  }

  Result<std::vector<std::string_view>> items_in(const std::string& body) const {
    const auto at = json_at(body, items_);
    if (at.has_value() && at->starts_with('[')) return json_items(*at);
    if (items_.empty() && !by_cursor() && options_.next.empty()) {
      return std::vector<std::string_view>{*at};  // the answer as a whole
    }
    if (at.has_value() && *at == "null") return std::vector<std::string_view>();
    const std::string has = json_names(body);
    return fail(ErrorCode::kInvalidArgument,
                at.has_value()
                    ? fmt::format("{} is {}, not a list; `items` is the path of the list{}",
                                  items_.empty() ? "the answer" : "'" + options_.items + "'",
                                  json_kind(*at), has.empty() ? "" : "; there are: " + has)
                    : fmt::format("the answer has no '{}'{}", options_.items,
                                  has.empty() ? "" : "; it has: " + has));
  }

  Result<PollItem> item_of(std::string_view json) const {
    PollItem item;
    item.data = json;
    std::string ids;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      TRY_ASSIGN(const std::string_view value, value_in(json, keys_[i], options_.poll.key[i]));
      ids += fmt::format("{}{}", i == 0 ? "" : ",", value);
      if (keys_.size() == 1) item.id = json_plain(value);
    }
    if (keys_.size() > 1) item.id = "[" + ids + "]";
    // Of a log two entries may be about one thing: what comes again is the very same.
    const bool by_content = keys_.empty() || (!by_cursor() && !next_.empty());
    item.name = name_of_item(by_content ? json : std::string_view(ids));
    if (!by_cursor()) return item;
    TRY_ASSIGN(const std::string_view at, value_in(json, cursor_, options_.poll.cursor));
    if (at == "true" || at == "false" || at.size() > kCursorBytesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' is {}, and a cursor is a number or a text, of {} bytes at most",
                              options_.poll.cursor, json_kind(at), kCursorBytesMax));
    }
    item.cursor = {!at.starts_with('"'), json_plain(at)};
    return item;
  }

  static Result<std::string_view> value_in(std::string_view json,
                                           const std::vector<std::string>& path,
                                           const std::string& name) {
    const auto value = json_at(json, path);
    if (!value.has_value() || *value == "null") {
      const std::string has = json_names(json);
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("it has no '{}'{}", name, has.empty() ? "" : "; it has: " + has));
    }
    if (value->starts_with('{') || value->starts_with('[')) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("'{}' is {}, and must be a text or a number", name, json_kind(*value)));
    }
    return *value;
  }

  const HttpPoll& options_;
  std::stop_token stop_;
  http::EndSignal end_;
  Result<http::Request> request_;
  std::vector<std::string> items_;
  std::vector<std::string> next_;
  std::vector<std::string> cursor_;
  std::vector<std::vector<std::string>> keys_;
};

}  // namespace

std::unique_ptr<PollSource> open_http_source(const HttpPoll& options, std::stop_token stop) {
  return std::make_unique<HttpSource>(options, std::move(stop));
}

}  // namespace cordyna::input
