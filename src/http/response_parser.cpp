#include "http/response_parser.hpp"

#include <fmt/format.h>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace cordyna::http {
namespace {

namespace beast = boost::beast;

constexpr std::uint32_t kHeadBytesMax = 256U << 10U;

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

class ResponseParser::Impl final : public beast::http::basic_parser<false> {
 public:
  explicit Impl(Taker taker) : taker_(std::move(taker)) {
    eager(true);
    header_limit(kHeadBytesMax);
    body_limit(boost::none);
  }

  Response response_;
  Error error_;  ///< of the taker
  bool failed_ = false;
  std::uint64_t taken_ = 0;

 private:
  using ErrorInto = beast::error_code;

  void stop(Error error, ErrorInto& into) {
    error_ = std::move(error);
    failed_ = true;
    into = beast::http::error::end_of_stream;
  }

  std::size_t take(beast::string_view piece, ErrorInto& into) {
    Result<> taken = taker_.take({piece.data(), piece.size()});
    if (!taken.has_value()) stop(std::move(taken.error()), into);
    taken_ += piece.size();
    return piece.size();
  }

  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       ErrorInto&) override {}
  void on_response_impl(int status, beast::string_view reason, int, ErrorInto&) override {
    response_.status = status;
    response_.reason = text_of(reason);
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     ErrorInto&) override {
    response_.headers.push_back({text_of(name), text_of(value)});
  }
  /// Not on_body_init_impl: a response without a body, or with an empty one, has none.
  void on_header_impl(ErrorInto& into) override {
    const boost::optional<std::uint64_t> length = content_length();
    if (length.has_value()) response_.length = *length;
    response_.delimited = !need_eof();
    if (response_.status < 200) return;
    Result<> begun = taker_.begin(response_);
    if (!begun.has_value()) stop(std::move(begun.error()), into);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorInto&) override {}
  std::size_t on_body_impl(beast::string_view piece, ErrorInto& into) override {
    return take(piece, into);
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorInto&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                 ErrorInto& into) override {
    return take(piece, into);
  }
  void on_finish_impl(ErrorInto&) override {}

  Taker taker_;
};

ResponseParser::ResponseParser(Taker taker, bool no_body)
    : impl_(std::make_unique<Impl>(std::move(taker))) {
  if (no_body) impl_->skip(true);
}

ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::feed(std::string_view bytes) {
  beast::error_code error;
  const std::size_t used = impl_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (impl_->failed_) return std::unexpected<Error>(impl_->error_);
  if (!error || error == beast::http::error::need_more) return used;
  return fail(ErrorCode::kUnavailable,
              fmt::format("the answer is not HTTP that can be read: {}", error.message()));
}

Result<> ResponseParser::end() {
  if (!impl_->is_header_done()) {
    return fail(ErrorCode::kUnavailable, "the connection was closed before an answer came");
  }
  beast::error_code error;
  impl_->put_eof(error);
  if (impl_->failed_) return std::unexpected<Error>(impl_->error_);
  if (!error) return {};
  const std::optional<std::uint64_t>& length = impl_->response_.length;
  return fail(
      ErrorCode::kUnavailable,
      length.has_value()
          ? fmt::format("the body was cut short: {} of {} bytes came", impl_->taken_, *length)
          : fmt::format("the body was cut short after {} bytes", impl_->taken_));
}

bool ResponseParser::is_done() const {
  return impl_->is_done();
}
const Response& ResponseParser::response() const {
  return impl_->response_;
}

}  // namespace cordyna::http
