#include "server/api/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "server/api/router.hpp"
#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kJobsMax = 64;

using FixedHeader = std::pair<std::string_view, std::string_view>;

/// Every answer has them. The API is no page: nothing of it may be run or framed.
constexpr std::array<FixedHeader, 5> kAlways{{
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
}};

std::string lines_of_always() {
  std::string lines;
  for (const auto& [name, value] : kAlways) lines += fmt::format("{}: {}\r\n", name, value);
  return lines;
}

/// But for those that its handler gave itself.
void add_headers(HttpResponse& response) {
  static const std::string lines = lines_of_always();
  const auto is_given = [&response](const FixedHeader& header) {
    return http::find_header(response.headers, header.first) != nullptr;
  };
  if (std::ranges::none_of(kAlways, is_given)) {
    response.fixed_headers = lines;
    return;
  }
  for (const FixedHeader& header : kAlways) {
    if (is_given(header)) continue;
    response.headers.push_back({std::string(header.first), std::string(header.second)});
  }
}

/// What a page of another origin must be told that may use a token: no cookie comes with it.
void add_cors(HttpResponse& response, const std::string& origin) {
  response.headers.push_back({"Access-Control-Allow-Origin", origin});
  response.headers.push_back({"Vary", "Origin"});
  response.headers.push_back({"Access-Control-Expose-Headers", "ETag, Location, Retry-After"});
}

/// The answer to a browser that asks whether it may ask.
HttpResponse preflight(const std::string& origin) {
  HttpResponse response{204, {}, {}};
  add_cors(response, origin);
  response.headers.push_back({"Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"});
  response.headers.push_back(
      {"Access-Control-Allow-Headers",
       "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"});
  response.headers.push_back({"Access-Control-Max-Age", "600"});
  return response;
}

/// Of a read, what tells whether it has changed: by the content, so that it holds for any row,
/// where its handler gave no tag.
void add_etag(HttpResponse& response, const std::optional<std::string>& known) {
  if (response.status != 200 || response.source != nullptr) return;
  const std::string* const own = http::find_header(response.headers, "ETag");
  if (own == nullptr && response.body.empty()) return;
  const std::string tag =
      own != nullptr ? *own : "W/\"" + hash_of(response.body).substr(0, 32) + "\"";
  if (own == nullptr) response.headers.push_back({"ETag", tag});
  if (known.has_value() && (known->contains(tag) || *known == "*")) {
    response.status = 304;
    response.body.clear();
    response.packed.reset();
  }
}

}  // namespace

struct SessionCounts {
  std::mutex mutex;
  std::map<std::string, std::uint32_t> of_token;  // guarded by mutex
};

Api::Api(ApiParts parts, GateSettings settings)
    : parts_(std::move(parts)),
      gate_(std::move(settings), *parts_.identity),
      sessions_(std::make_shared<SessionCounts>()) {
  if (parts_.task_servers != nullptr) {
    task_links_ = std::make_unique<HttpLinks>(*parts_.task_servers);
  }
  worker_ = std::thread([this] { run_jobs(); });
}

Api::~Api() {
  {
    const std::lock_guard lock(jobs_mutex_);
    stopping_ = true;
  }
  jobs_wake_.notify_all();
  worker_.join();
}

void Api::ask(ServerRequest request, std::optional<AuditNote> note, Answer answer) {
  struct Asked {
    Answer answer;
    PostHome home;
    Result<std::int64_t> result;
  };
  auto asked = std::make_shared<Asked>(std::move(answer), home_);
  cerebro().ask(std::move(request), std::move(note),
                [asked = std::move(asked)](Result<std::int64_t> result) mutable {
                  asked->result = std::move(result);
                  const PostHome home = std::move(asked->home);
                  home([asked = std::move(asked)] { asked->answer(std::move(asked->result)); });
                });
}

void Api::work(std::move_only_function<void()> job) {
  {
    const std::lock_guard lock(jobs_mutex_);
    if (jobs_.size() >= kJobsMax) return;
    jobs_.push_back(std::move(job));
  }
  jobs_wake_.notify_one();
}

void Api::run_jobs() {
  while (true) {
    std::unique_lock lock(jobs_mutex_);
    jobs_wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
  }
}

const std::string& Api::decoy_hash() {
  if (decoy_hash_.empty()) decoy_hash_ = hash_password(random_word(20));
  return decoy_hash_;
}

std::size_t Api::body_limit(const HttpRequest& head) const {
  return gate_.body_limit(head);
}

HttpResponse Api::problem(int status, std::string_view detail) const {
  const auto codes = problem_codes();
  const auto found = std::ranges::find(codes, status, &ProblemCode::status);
  const std::string_view code = found == codes.end() ? std::string_view("internal") : found->code;
  HttpResponse response = to_response(server::problem(code, std::string(detail)));
  add_headers(response);
  return response;
}

void Api::handle(HttpRequest request, Respond respond) {
  const std::string* const asked_origin = http::find_header(request.headers, "Origin");
  std::string origin;  // of another page, that may
  if (asked_origin != nullptr && gate_.allows_origin(*asked_origin)) origin = *asked_origin;
  if (!origin.empty() && request.method == "OPTIONS") return respond(preflight(origin));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  std::optional<std::string> known;
  if (const auto* tag = http::find_header(request.headers, "If-None-Match")) known = *tag;
  auto reply = [respond = std::move(respond), origin, reads,
                known = std::move(known)](HttpResponse response) mutable {
    if (reads) add_etag(response, known);
    if (!origin.empty()) add_cors(response, origin);
    add_headers(response);
    respond(std::move(response));
  };
  auto admitted = gate_.admit(request, now());
  if (auto* refused = std::get_if<Problem>(&admitted)) {
    reply(to_response(*refused));
    return;
  }
  Call& call = std::get<Call>(admitted);
  call.respond = std::move(reply);
  call.route->handler(*this, call);
}

std::shared_ptr<void> Api::count_stream() {
  if (streams_->fetch_add(1) < parts_.streams_max) {
    return {streams_.get(), [streams = streams_](void*) { streams->fetch_sub(1); }};
  }
  streams_->fetch_sub(1);
  return nullptr;
}

std::shared_ptr<void> Api::count_session(const std::string& token) {
  {
    const std::lock_guard lock(sessions_->mutex);
    std::uint32_t& count = sessions_->of_token[token];
    if (count >= parts_.sessions_max) return nullptr;
    ++count;
  }
  return {sessions_.get(), [sessions = sessions_, token](void*) {
            const std::lock_guard lock(sessions->mutex);
            const auto found = sessions->of_token.find(token);
            if (--found->second == 0) sessions->of_token.erase(found);
          }};
}

std::optional<RunRow> Api::run_of(Call& call) {
  const std::string& name = call.value("run");
  RunNo no = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, no);
  const bool is_number = error == std::errc() && stop == end && no > 0;
  auto run = is_number ? reader().find_run(no) : reader().find_run(RunId{name});
  const auto missing = [&] {
    call.refuse(server::problem("not_found", "there is no such run, or it is not yours to see"));
    return std::nullopt;
  };
  if (!run.has_value()) {
    if (run.error().code == ErrorCode::kNotFound) return missing();
    call.refuse(run.error());
    return std::nullopt;
  }
  if (!call.caller.may(Role::kViewer, run->ns)) return missing();
  if (!call.caller.may(call.route->role, run->ns)) {
    call.refuse(server::problem(
        "forbidden", fmt::format("this wants the role {}", to_string(call.route->role))));
    return std::nullopt;
  }
  return std::move(*run);
}

AuditNote note_of(const Call& call, std::string subject, std::string ns, std::string before,
                  std::string after) {
  AuditNote note;
  note.actor = call.caller.actor;
  note.address = call.request.address;
  note.action = call.route->id;
  note.subject = std::move(subject);
  note.ns = std::move(ns);
  note.before = std::move(before);
  note.after = std::move(after);
  return note;
}

}  // namespace cordyna::server
