#include "server/http/request_reader.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <limits>
#include <optional>

#include "base/words.hpp"
#include "server/http/gzip.hpp"
#include "server/http/header_values.hpp"
#include "server/http/target.hpp"
#include "server/http/websocket_upgrade.hpp"

namespace cordyna::server {
namespace {

namespace beast = boost::beast;

/// Of chunk extensions, which nobody uses, in one body: they would be work without a limit.
constexpr std::size_t kExtensionBytesMax = 4096;

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

ReaderRules reader_rules(const HttpSettings& settings) {
  ReaderRules rules{
      .head_bytes = settings.limits.head_bytes, .headers = settings.limits.headers, .hosts = {}};
  for (const std::string& host : settings.hosts) {
    const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
    rules.hosts.push_back(ascii_lower(bare_ipv6 ? "[" + host + "]" : host));
  }
  return rules;
}

/// Not request_parser, which gathers into a body of a fixed kind and keeps trailers as headers.
class RequestReader::Impl final : public beast::http::basic_parser<true> {
 public:
  Impl() {
    eager(true);
    header_limit(std::numeric_limits<std::uint32_t>::max());  // the scanner has its own
    body_limit(boost::none);                                  // limit_body() comes before the body
  }

  [[nodiscard]] Refusal check(const ReaderRules& rules);

  HttpRequest request_;
  int version_ = 0;
  bool keeps_alive_ = false;
  bool expects_continue_ = false;
  bool head_told_ = false;
  std::optional<std::uint64_t> length_;
  std::size_t limit_ = 0;
  bool too_large_ = false;

 private:
  using ErrorInto = beast::error_code;

  [[nodiscard]] Refusal check_framing();
  [[nodiscard]] Refusal check_host(const ReaderRules& rules);
  [[nodiscard]] Refusal check_expect();

  std::size_t take(beast::string_view piece, ErrorInto& into) {
    if (piece.size() > limit_ - request_.body.size()) {
      too_large_ = true;
      into = beast::http::error::body_limit;
      return 0;
    }
    request_.body.append(piece.data(), piece.size());
    return piece.size();
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, ErrorInto&) override {
    request_.method = text_of(method);
    target_ = text_of(target);
    version_ = version;
    request_.http10 = version == 10;
  }
  void on_response_impl(int, beast::string_view, int, ErrorInto&) override {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     ErrorInto&) override {
    // A trailer must not become a header: nobody checked it as one.
    if (!is_header_done()) request_.headers.push_back({text_of(name), text_of(value)});
  }
  void on_header_impl(ErrorInto&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorInto&) override {}
  std::size_t on_body_impl(beast::string_view piece, ErrorInto& into) override {
    return take(piece, into);
  }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view extension,
                            ErrorInto& into) override {
    extension_bytes_ += extension.size();
    // Others end the line at an LF alone, and would see another chunk here.
    const bool control = std::ranges::any_of(
        extension, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; });
    if (control || extension_bytes_ > kExtensionBytesMax) {
      into = beast::http::error::bad_chunk_extension;
    } else if (size > limit_ - request_.body.size()) {
      too_large_ = true;
      into = beast::http::error::body_limit;
    }
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                 ErrorInto& into) override {
    return take(piece, into);
  }
  void on_finish_impl(ErrorInto&) override {}

  std::string target_;
  std::size_t extension_bytes_ = 0;
};

Refusal RequestReader::Impl::check(const ReaderRules& rules) {
  if (request_.method == "CONNECT") {
    return {501, "this server is no proxy: it does not know CONNECT"};
  }
  for (const Refusal& refusal : {check_framing(), check_host(rules), check_expect()}) {
    if (refusal.status != 0) return refusal;
  }
  keeps_alive_ = version_ == 11 && !has_member(request_.headers, "Connection", "close");
  return {};
}

Refusal RequestReader::Impl::check_framing() {
  const std::vector<std::string_view> lengths = header_values(request_.headers, "content-length");
  const std::vector<std::string_view> codings =
      header_values(request_.headers, "transfer-encoding");
  if (!codings.empty()) {
    if (!lengths.empty()) return {400, "both Content-Length and Transfer-Encoding"};
    if (version_ < 11) return {400, "Transfer-Encoding in HTTP/1.0"};
    if (codings.size() > 1) return {400, "more than one Transfer-Encoding"};
    if (ascii_lower(codings.front()) != "chunked") {
      return {501, "a Transfer-Encoding other than chunked"};
    }
    return {};
  }
  if (lengths.empty()) return {};
  if (lengths.size() > 1) return {400, "more than one Content-Length"};
  const std::string_view text = lengths.front();
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (!digits || error != std::errc() || end != text.data() + text.size()) {
    return {400, "a Content-Length that is no number of bytes"};
  }
  length_ = length;
  return {};
}

Refusal RequestReader::Impl::check_host(const ReaderRules& rules) {
  const std::vector<std::string_view> hosts = header_values(request_.headers, "host");
  if (hosts.size() > 1) return {400, "more than one Host"};
  if (hosts.empty() && version_ >= 11) return {400, "no Host"};
  std::optional<Authority> host;
  if (!hosts.empty()) {
    host = parse_authority(hosts.front());
    if (!host.has_value()) return {400, "a Host that is no name with a port"};
  }
  std::optional<Target> target = server::parse_target(target_);
  if (!target.has_value()) return {400, "a target that is neither a path nor an http address"};
  if (target->authority.has_value()) {
    if (!host.has_value()) host = target->authority;
    if (!same_authority(*host, *target->authority, target->default_port)) {
      return {400, "the target and Host name different hosts"};
    }
  }
  // Who sends no Host is no browser, and cannot be lured here by a name that leads to us.
  if (host.has_value() && !rules.hosts.empty() &&
      std::ranges::find(rules.hosts, host->host) == rules.hosts.end()) {
    return {421, "this server does not go by the name in Host"};
  }
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  return {};
}

Refusal RequestReader::Impl::check_expect() {
  const std::vector<std::string_view> expected = header_values(request_.headers, "expect");
  if (expected.empty() || version_ < 11) return {};
  if (expected.size() > 1 || ascii_lower(expected.front()) != "100-continue") {
    return {417, "an expectation other than 100-continue"};
  }
  expects_continue_ = !is_done();
  return {};
}

RequestReader::RequestReader(const ReaderRules& rules)
    : rules_(rules), scanner_(rules.head_bytes, rules.headers), impl_(std::make_unique<Impl>()) {}

RequestReader::~RequestReader() = default;

RequestReader::Step RequestReader::refuse(Refusal refusal) {
  refusal_ = refusal;
  return {Found::kRefused, 0};
}

RequestReader::Step RequestReader::feed(std::string_view bytes) {
  if (refusal_.status != 0) return {Found::kRefused, 0};
  return impl_->head_told_ ? feed_body(bytes) : feed_head(bytes);
}

RequestReader::Step RequestReader::feed_head(std::string_view bytes) {
  // Some clients end a body with a line that does not belong to it (RFC 9112, 2.2).
  std::size_t skipped = 0;
  if (!skipped_line_ && bytes.starts_with("\r\n")) {
    skipped_line_ = true;
    skipped = 2;
    bytes.remove_prefix(skipped);
  }
  if (!skipped_line_ && bytes == "\r") return {Found::kMore, 0};
  const std::size_t size = scanner_.scan(bytes);
  if (scanner_.refusal().status != 0) return refuse(scanner_.refusal());
  if (size == 0) return {Found::kMore, skipped};
  beast::error_code error;
  const std::size_t used = impl_->put(boost::asio::const_buffer(bytes.data(), size), error);
  if (error || used != size || !impl_->is_header_done()) {
    return refuse({400, "the head is not HTTP that can be read"});
  }
  const Refusal refusal = impl_->check(rules_);
  if (refusal.status != 0) return refuse(refusal);
  impl_->head_told_ = true;
  return {Found::kHead, skipped + size};
}

bool RequestReader::limit_body(std::size_t bytes) {
  impl_->limit_ = bytes;
  if (impl_->length_.value_or(0) <= bytes) return true;
  refuse({413, "the body is too large"});
  return false;
}

RequestReader::Step RequestReader::feed_body(std::string_view bytes) {
  if (impl_->is_done()) return {Found::kWhole, 0};
  if (bytes.empty()) return {Found::kMore, 0};
  beast::error_code error;
  const std::size_t used = impl_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (impl_->too_large_) return refuse({413, "the body is too large"});
  if (error && error != beast::http::error::need_more) {
    return refuse({400, "the body is not made of chunks that can be read"});
  }
  return {impl_->is_done() ? Found::kWhole : Found::kMore, used};
}

const HttpRequest& RequestReader::head() const {
  return impl_->request_;
}
HttpRequest RequestReader::take() {
  return std::move(impl_->request_);
}
Asked RequestReader::asked() const {
  return {.gzip = accepts_gzip(impl_->request_.headers),
          .head = impl_->request_.method == "HEAD",
          .http10 = impl_->request_.http10,
          .websocket_accept = websocket_accept(impl_->request_)};
}
bool RequestReader::keeps_alive() const {
  return impl_->keeps_alive_;
}
bool RequestReader::expects_continue() const {
  return impl_->expects_continue_;
}

}  // namespace cordyna::server
