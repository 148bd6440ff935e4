#include "server/http/connection.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "server/http/give_back.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kFirstBufferBytes = 4096;
/// So much is to be taken within write_wait: the rate below which a client is too slow, and not the
/// size of an answer, decides.
constexpr std::size_t kSliceBytes = std::size_t{64} << 10;
constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";

/// Room for a whole head and some of what follows it: bounds what is read ahead.
std::size_t buffer_bytes_max(const HttpLimits& limits) {
  return std::max(limits.head_bytes, kFirstBufferBytes) + kFirstBufferBytes;
}

}  // namespace

Connection::Connection(ConnectionHost& host, boost::asio::io_context& io,
                       std::unique_ptr<ByteStream> stream)
    : host_(host), io_(io), stream_(std::move(stream)), alarm_(io, [this] { on_alarm(); }) {}

Connection::~Connection() = default;

void Connection::start(bool refused) {
  alarm_.set(host_.limits().head_wait);
  stream_->begin([self = shared_from_this(), refused](bool fine) {
    if (self->state_ != State::kBegin) return;
    if (!fine) return self->close(false);
    if (refused) return self->refuse(503, "too many connections");
    self->begin_request();
    self->advance();
  });
}

void Connection::begin_request() {
  // What was sent ahead is not answered: the client knows from the last head that none follows.
  if (close_after_ || host_.is_draining()) return finish();
  state_ = State::kHead;
  wait_ = Wait::kNone;
  reader_.emplace(host_.rules());
}

void Connection::advance() {
  while (state_ == State::kHead || state_ == State::kBody) {
    const RequestReader::Step step = reader_->feed(buffered());
    begin_ += step.used;
    switch (step.found) {
      case RequestReader::Found::kMore: return want_more();
      case RequestReader::Found::kHead:
        host_.count_request();
        head_is_there();
        break;
      case RequestReader::Found::kWhole: handle(); break;
      case RequestReader::Found::kRefused:
        if (state_ == State::kHead) host_.count_request();
        refuse(reader_->refusal().status, reader_->refusal().detail);
        break;
    }
  }
}

void Connection::want_more() {
  if (ended_) return close(false);
  const Wait wait = state_ == State::kBody ? Wait::kBody
                    : begin_ == end_       ? Wait::kIdle
                                           : Wait::kHead;
  if (wait != wait_) {
    const HttpLimits& limits = host_.limits();
    wait_ = wait;
    alarm_.set(wait == Wait::kBody   ? limits.body_wait
               : wait == Wait::kIdle ? limits.idle_wait
                                     : limits.head_wait);
  }
  // Only the line before a chunk, or trailers, can fill the buffer without being used up: of a head
  // the reader knows the limit.
  if (!read()) refuse(400, "a line of the body is too long");
}

/// False: no room.
bool Connection::read() {
  if (reading_) return true;
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == in_.size()) {
    const std::size_t most = buffer_bytes_max(host_.limits());
    if (begin_ > 0) {
      std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    } else if (in_.size() < most) {
      in_.resize(std::min(std::max(in_.size() * 2, kFirstBufferBytes), most));
    } else {
      return false;
    }
  }
  reading_ = true;
  stream_->read({in_.data() + end_, in_.size() - end_},
                [self = shared_from_this()](std::size_t bytes) { self->on_read(bytes); });
  return true;
}

void Connection::on_read(std::size_t bytes) {
  reading_ = false;
  end_ += bytes;
  ended_ = ended_ || bytes == 0;
  switch (state_) {
    case State::kHead:
    case State::kBody: return ended_ ? close(false) : advance();
    case State::kHandling:
    case State::kStreaming:
      // Reads on, to see the client go. With no more room that is seen when it is written to.
      if (ended_) return close(true);
      static_cast<void>(read());
      return;
    case State::kWebSocket: return read_for_websocket();
    case State::kFinishing:
      if (ended_) close(false);
      return;
    case State::kBegin:
    case State::kContinue:
    case State::kWriting:
    case State::kClosed: return;
  }
}

void Connection::head_is_there() {
  std::size_t limit = 0;
  try {
    limit = host_.handler().body_limit(reader_->head());
    if (limit == HttpHandler::kUsualBody) limit = host_.limits().body_bytes;
  } catch (...) {
    return refuse(500, "the server failed");
  }
  if (!reader_->limit_body(limit)) {
    return refuse(reader_->refusal().status, reader_->refusal().detail);
  }
  state_ = State::kBody;
  if (!reader_->expects_continue() || begin_ != end_) return;
  state_ = State::kContinue;
  alarm_.set(host_.limits().write_wait);
  wait_ = Wait::kNone;
  stream_->write(kContinueLine, {}, [self = shared_from_this()](bool fine) {
    if (self->state_ != State::kContinue) return;
    if (!fine) return self->close(true);
    self->state_ = State::kBody;
    self->advance();
  });
}

void Connection::handle() {
  state_ = State::kHandling;
  alarm_.stop();
  ++request_;
  asked_ = reader_->asked();
  close_after_ = !reader_->keeps_alive();
  HttpRequest request = reader_->take();
  request.address = stream_->address();
  in_handler_ = true;
  try {
    host_.handler().handle(std::move(request),
                           Responder(host_.mailbox(), weak_from_this(), request_, asked_));
  } catch (...) {
    // What was answered before, stays the answer; else the responder has just said that none came.
    if (!answer_.has_value()) answer_.emplace().wrong = "the server failed";
  }
  in_handler_ = false;
  if (answer_.has_value()) {
    Answer answer = std::move(*answer_);
    answer_.reset();
    return send(std::move(answer));
  }
  if (ended_) return close(true);
  static_cast<void>(read());
}

void Connection::take_answer(std::uint64_t request, Answer answer) {
  if (state_ != State::kHandling || request != request_) return;
  if (!in_handler_) return send(std::move(answer));
  if (!answer_.has_value()) answer_ = std::move(answer);
}

void Connection::refuse(int status, std::string_view detail) {
  Asked asked;
  if (reader_.has_value()) asked.head = reader_->head().method == "HEAD";
  close_after_ = true;
  send(problem(status, detail, asked));
}

Answer Connection::problem(int status, std::string_view detail, const Asked& asked) {
  Answer answer;
  try {
    HttpResponse response = host_.handler().problem(status, detail);
    response.status = status;
    response.source.reset();
    answer = make_answer(std::move(response), asked);
  } catch (...) {
    answer.wrong = "the server failed";
  }
  if (answer.wrong.empty()) return answer;
  return make_answer({.status = status, .body = std::string(detail)}, asked);
}

void Connection::send(Answer answer) {
  if (!answer.wrong.empty()) answer = problem(500, answer.wrong, asked_);
  const bool goes_on = answer.source != nullptr || answer.websocket.has_value();
  if (goes_on && host_.is_draining()) {
    answer = problem(503, "the server is about to end", asked_);
  }
  if (answer.source != nullptr && ended_) return close(true);
  source_ = std::move(answer.source);
  chunked_ = answer.chunked;
  if (source_ != nullptr && !prepare_source()) {
    source_.reset();
    answer = problem(500, "the server failed", asked_);
  }
  state_ = source_ != nullptr ? State::kStreaming : State::kWriting;
  if (answer.websocket.has_value()) {
    outlives_drain_ = answer.websocket->outlives_drain;
    websocket_ = make_websocket_session({.io = io_,
                                         .stream = *stream_,
                                         .limits = host_.limits(),
                                         .mailbox = host_.mailbox(),
                                         .owner = *this},
                                        std::move(*answer.websocket));
  }
  close_after_ = websocket_ == nullptr && (close_after_ || answer.close || host_.is_draining());
  out_head_ = std::move(answer.head);
  out_head_ += head_end(host_.date(), close_after_);
  out_body_ = std::move(answer.body);
  out_begin_ = 0;
  pulled_ = BodySource::Pulled::kMore;
  write_slice();
}

void Connection::write_slice() {
  const std::string_view slice = std::string_view(out_body_).substr(out_begin_, kSliceBytes);
  out_begin_ += slice.size();
  alarm_.set(host_.limits().write_wait);
  stream_->write(out_head_, slice,
                 [self = shared_from_this()](bool fine) { self->on_written(fine); });
}

void Connection::on_written(bool fine) {
  if (state_ != State::kWriting && state_ != State::kStreaming) return;
  if (!fine) return close(true);
  out_head_.clear();
  if (out_begin_ < out_body_.size()) return write_slice();
  out_body_.clear();
  out_begin_ = 0;
  if (state_ == State::kStreaming) return act_on_pulled();
  if (websocket_ != nullptr) return begin_websocket();
  answer_is_out();
}

void Connection::answer_is_out() {
  // What a large answer took is not kept for a connection that may never ask again.
  if (out_body_.capacity() > kSliceBytes) give_back(out_body_);
  begin_request();
  advance();
}

bool Connection::prepare_source() {
  /// Shared with all copies of the wake. A wake that is on its way covers those that follow.
  struct Waker {
    std::shared_ptr<Mailbox> mailbox;
    std::weak_ptr<Connection> connection;
    std::uint64_t request;
    std::atomic<bool> on_its_way = false;
  };
  auto waker = std::make_shared<Waker>(host_.mailbox(), weak_from_this(), request_);
  woken_ = waiting_ = false;
  try {
    source_->on_wake([waker = std::move(waker)] {
      if (waker->on_its_way.exchange(true)) return;
      waker->mailbox->post([waker] {
        waker->on_its_way = false;
        const std::shared_ptr<Connection> alive = waker->connection.lock();
        if (alive != nullptr) alive->woken(waker->request);
      });
    });
  } catch (...) {
    return false;
  }
  return true;
}

void Connection::pull() {
  woken_ = waiting_ = false;
  try {
    pulled_ = source_->pull(out_body_);
  } catch (...) {
    return close(true);  // in HTTP/1.0 an end in order would look like the end of the body
  }
  if (chunked_ && !out_body_.empty()) {
    out_head_ = chunk_begin(out_body_.size());
    out_body_ += kChunkEnd;
  }
  if (chunked_ && pulled_ == BodySource::Pulled::kEnd) out_body_ += kLastChunk;
  if (!out_body_.empty()) return write_slice();
  if (pulled_ != BodySource::Pulled::kMore) return act_on_pulled();
  // A source that always has more and never gives any, must not keep the others waiting.
  host_.mailbox()->post([weak = weak_from_this(), request = request_] {
    const std::shared_ptr<Connection> alive = weak.lock();
    if (alive != nullptr) alive->woken(request);
  });
  waiting_ = true;
  alarm_.stop();
}

void Connection::act_on_pulled() {
  switch (pulled_) {
    case BodySource::Pulled::kMore:
      if (!reading_) static_cast<void>(read());
      return pull();
    case BodySource::Pulled::kWait:
      if (woken_) return pull();
      return wait_for_news();
    case BodySource::Pulled::kEnd: return end_stream(true);
  }
}

void Connection::wait_for_news() {
  waiting_ = true;
  alarm_.set(host_.limits().quiet);
}

void Connection::show_life() {
  try {
    source_->show_life(out_body_);
  } catch (...) {
    return close(true);
  }
  if (out_body_.empty()) return wait_for_news();
  waiting_ = false;  // until it is written; a wake meanwhile is remembered
  pulled_ = BodySource::Pulled::kWait;
  if (chunked_) {
    out_head_ = chunk_begin(out_body_.size());
    out_body_ += kChunkEnd;
  }
  write_slice();
}

void Connection::woken(std::uint64_t request) {
  if (state_ != State::kStreaming || request != request_) return;
  woken_ = true;
  if (waiting_) pull();
}

void Connection::end_stream(bool whole) {
  source_.reset();
  if (!whole) return finish();
  state_ = State::kWriting;
  answer_is_out();
}

void Connection::begin_websocket() {
  if (ended_) return close(true);
  state_ = State::kWebSocket;
  alarm_.stop();
  const std::string ahead(buffered());
  begin_ = end_;  // what a read that is under way brings, stands behind it
  if (!reading_) {
    begin_ = end_ = 0;
    give_back(in_);
  }
  reader_.reset();
  give_back(out_head_);
  give_back(out_body_);
  websocket_->start({shared_from_this(), websocket_.get()}, ahead, reading_);
  if (host_.is_draining()) websocket_->drain();
}

void Connection::read_for_websocket() {
  const std::string bytes(buffered());
  begin_ = end_ = 0;
  give_back(in_);
  websocket_->take_read(bytes);
}

void Connection::websocket_ended(bool in_order) {
  if (state_ != State::kWebSocket) return;
  in_order ? finish() : close(true);
}

void Connection::drain() {
  switch (state_) {
    case State::kHead:
      if (begin_ == end_) finish();
      return;
    case State::kStreaming: return end_stream(false);
    case State::kWebSocket:
      if (!outlives_drain_) websocket_->drain();
      return;
    case State::kBegin:
    case State::kContinue:
    case State::kBody:
    case State::kHandling:
    case State::kWriting:
    case State::kFinishing:
    case State::kClosed: return;
  }
}

void Connection::on_alarm() {
  const std::shared_ptr<Connection> self = shared_from_this();
  switch (state_) {
    case State::kHead:
      if (wait_ == Wait::kIdle) return finish();
      host_.count_request();
      return refuse(408, "the head took too long");
    case State::kBody: return refuse(408, "the body took too long");
    case State::kStreaming: return waiting_ ? show_life() : close(true);
    case State::kBegin:
    case State::kContinue:
    case State::kWriting: return close(true);
    case State::kFinishing: return close(false);
    case State::kHandling:
    case State::kWebSocket:
    case State::kClosed: return;
  }
}

void Connection::finish() {
  state_ = State::kFinishing;
  alarm_.set(host_.limits().write_wait);  // it has the end to take, too
  stream_->finish(ended_, [self = shared_from_this()](bool) { self->close(false); });
}

void Connection::close(bool reset) {
  if (state_ == State::kClosed) return;
  const std::shared_ptr<Connection> self = shared_from_this();
  state_ = State::kClosed;
  alarm_.stop();
  stream_->close(reset);
  source_.reset();
  if (websocket_ != nullptr) websocket_->cut();
  host_.forget(*this);
}

void Connection::end() {
  close(false);
}

}  // namespace cordyna::server
