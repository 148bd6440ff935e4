// Live streams: of a run, and of all runs.
#include <charconv>
#include <utility>

#include "server/api/routes.hpp"
#include "server/live/streams.hpp"

namespace cordyna::server {
namespace {

constexpr std::string_view kLastId = "Last-Event-ID";

std::string last_id_of(const Call& call) {
  const std::string* header = http::find_header(call.request.headers, kLastId);
  return header == nullptr ? std::string() : *header;
}

/// A stream that counts as long as it is there.
class CountedStream final : public BodySource {
 public:
  CountedStream(std::unique_ptr<BodySource> inner, std::shared_ptr<void> place)
      : place_(std::move(place)), inner_(std::move(inner)) {}
  Pulled pull(std::string& out) override { return inner_->pull(out); }
  void on_wake(std::function<void()> wake) override { inner_->on_wake(std::move(wake)); }

 private:
  std::shared_ptr<void> place_;
  std::unique_ptr<BodySource> inner_;
};

void answer_with_stream(Api& api, Call& call, std::unique_ptr<BodySource> source) {
  auto place = api.count_stream();
  if (place == nullptr) {
    return call.refuse(problem("unavailable", "too many live streams are open; try again later"));
  }
  source = std::make_unique<CountedStream>(std::move(source), std::move(place));
  HttpResponse response{200, {{"Content-Type", "text/event-stream"}}, {}};
  response.headers.push_back({"X-Accel-Buffering", "no"});
  response.source = std::move(source);
  call.answer(std::move(response));
}

}  // namespace

void follow_run(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  std::int64_t after = call.query_number("after", 0);
  const std::string last = last_id_of(call);
  if (!last.empty()) {
    const char* const end = last.data() + last.size();
    const auto [stop, error] = std::from_chars(last.data(), end, after);
    if (error != std::errc() || stop != end || after < 0) {
      return call.refuse(problem("bad_request", "Last-Event-ID is no number of this stream"));
    }
  }
  answer_with_stream(api, call, run_stream(api.reader(), api.hub(), run->no, after));
}

void follow_runs(Api& api, Call& call) {
  answer_with_stream(api, call,
                     all_runs_stream(api.hub(), call.caller, api.parts().epoch, last_id_of(call)));
}

}  // namespace cordyna::server
