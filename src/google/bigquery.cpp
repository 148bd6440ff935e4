#include "google/bigquery.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>

namespace cordyna::google {
namespace {

namespace json = boost::json;

constexpr std::string_view kBigqueryHost = "https://bigquery.googleapis.com";
constexpr int kDuplicate = 409;
constexpr int kMissing = 404;
constexpr int kPageRows = 5000;
constexpr Millis kFirstLook = 200;
constexpr Millis kLookMax = 5000;

/// False: asked to end.
bool wait_before_look(const http::TryOptions& tries, Millis delay) {
  if (tries.wait) return tries.wait(delay);
  pollfd cancel{tries.client.waits.cancel_fd, POLLIN, 0};
  return poll(&cancel, 1, static_cast<int>(delay)) <= 0;
}

json::object reference_of(const std::string& job, const BigqueryPlace& place) {
  json::object reference{{"projectId", place.project}, {"jobId", job}};
  if (!place.location.empty()) reference["location"] = place.location;
  return reference;
}

json::array parameters_json(const std::vector<QueryParameter>& parameters) {
  json::array out;
  for (const QueryParameter& parameter : parameters) {
    json::object value;
    value["value"] = parameter.is_null ? json::value() : json::value(parameter.value);
    out.push_back(json::object{{"name", parameter.name},
                               {"parameterType", {{"type", parameter.type}}},
                               {"parameterValue", std::move(value)}});
  }
  return out;
}

}  // namespace

std::string shown_table(const BigqueryTable& table) {
  return fmt::format("{}.{}.{}", table.project, table.dataset, table.table);
}

Result<http::Url> Bigquery::url(std::string_view path) const {
  std::string base(place_.endpoint.empty() ? kBigqueryHost : std::string_view(place_.endpoint));
  while (base.ends_with('/')) base.pop_back();
  return http::parse_url(fmt::format("{}{}", base, path));
}

std::string Bigquery::place_query(const std::string& location) const {
  const std::string& where = location.empty() ? place_.location : location;
  return where.empty() ? "" : "location=" + http::percent_encode(where);
}

Result<JobState> Bigquery::poll(const std::string& job, const std::string& location,
                                const std::string& what) {
  http::Request request;
  TRY_ASSIGN(request.url,
             url(fmt::format("/bigquery/v2/projects/{}/jobs/{}?{}",
                             http::percent_encode(place_.project), job, place_query(location))));
  TRY_ASSIGN(const http::Response response, caller_.call(request, what));
  return parse_job(response.body, what);
}

Result<std::optional<JobState>> Bigquery::find(const std::string& job, const std::string& what) {
  http::Request request;
  TRY_ASSIGN(request.url,
             url(fmt::format("/bigquery/v2/projects/{}/jobs/{}?{}",
                             http::percent_encode(place_.project), job, place_query({}))));
  TRY_ASSIGN(const http::Response response, caller_.call(request, what, kMissing));
  if (response.status == kMissing) return std::optional<JobState>();
  TRY_ASSIGN(JobState state, parse_job(response.body, what));
  return std::optional<JobState>(std::move(state));
}

Result<JobState> Bigquery::begin_query(const std::string& job, std::string_view sql,
                                       const std::vector<QueryParameter>& parameters,
                                       std::string_view dataset, const std::string& what) {
  json::object query{{"query", json::string_view(sql.data(), sql.size())}, {"useLegacySql", false}};
  if (!dataset.empty()) {
    query["defaultDataset"] = {{"projectId", place_.project},
                               {"datasetId", json::string_view(dataset.data(), dataset.size())}};
  }
  if (!parameters.empty()) {
    query["parameterMode"] = "NAMED";
    query["queryParameters"] = parameters_json(parameters);
  }
  http::Request request;
  request.method = "POST";
  TRY_ASSIGN(request.url, url(fmt::format("/bigquery/v2/projects/{}/jobs",
                                          http::percent_encode(place_.project))));
  request.headers = {{"Content-Type", "application/json"}};
  request.body = json::serialize(json::object{{"jobReference", reference_of(job, place_)},
                                              {"configuration", {{"query", std::move(query)}}}});
  Result<http::Response> response = caller_.call(request, what, kDuplicate);
  if (!response.has_value()) {
    // It may have been begun, and nobody would wait for it.
    if (response.error().code == ErrorCode::kCancelled) cancel(job, {});
    return std::unexpected<Error>(std::move(response.error()));
  }
  if (response->status == kDuplicate) return poll(job, {}, what);
  return parse_job(response->body, what);
}

Result<> Bigquery::wait(const std::string& job, JobState state, const std::string& what) {
  Millis delay = kFirstLook;
  while (!state.done) {
    if (!wait_before_look(caller_.tries(), delay)) {
      cancel(job, state.location);
      return fail(ErrorCode::kCancelled, what + ": asked to end");
    }
    delay = std::min(2 * delay, kLookMax);
    Result<JobState> next = poll(job, state.location, what);
    if (!next.has_value()) {
      if (next.error().code == ErrorCode::kCancelled) cancel(job, state.location);
      return std::unexpected<Error>(std::move(next.error()));
    }
    state = *std::move(next);
  }
  if (state.error.has_value()) return std::unexpected<Error>(*std::move(state.error));
  return {};
}

Result<RowPage> Bigquery::read(const std::string& job, const std::string& location,
                               std::string_view token, const std::string& what) {
  const std::string where = place_query(location);
  http::Request request;
  TRY_ASSIGN(request.url,
             url(fmt::format("/bigquery/v2/projects/{}/queries/{}?maxResults={}"
                             "&formatOptions.useInt64Timestamp=true{}{}{}{}",
                             http::percent_encode(place_.project), job, kPageRows,
                             where.empty() ? "" : "&", where,
                             token.empty() ? "" : "&pageToken=", http::percent_encode(token))));
  TRY_ASSIGN(const http::Response response, caller_.call(request, what));
  TRY_ASSIGN(std::optional<RowPage> page, parse_rows(response.body, what));
  if (page.has_value()) return *std::move(page);
  return fail(ErrorCode::kUnavailable, what + ": BigQuery says that the job is not done, and was");
}

Result<Resumable> Bigquery::stage_load(const std::string& job, const BigqueryTable& table,
                                       bool append, const std::string& path,
                                       const std::string& what) {
  http::Request start;
  start.method = "POST";
  TRY_ASSIGN(start.url, url(fmt::format("/upload/bigquery/v2/projects/{}/jobs?uploadType=resumable",
                                        http::percent_encode(place_.project))));
  start.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
  const json::object load{
      {"destinationTable",
       {{"projectId", table.project}, {"datasetId", table.dataset}, {"tableId", table.table}}},
      {"sourceFormat", "PARQUET"},
      {"parquetOptions", {{"enableListInference", true}}},
      {"createDisposition", "CREATE_IF_NEEDED"},
      {"writeDisposition", append ? "WRITE_APPEND" : "WRITE_TRUNCATE"}};
  start.body = json::serialize(json::object{{"jobReference", reference_of(job, place_)},
                                            {"configuration", {{"load", load}}}});
  Resumable upload(caller_, what, path, "application/octet-stream");
  TRY(upload.stage(std::move(start)));
  return upload;
}

Result<> Bigquery::finish_load(const std::string& job, Resumable& upload) {
  const std::string what = upload.what();
  const Result<http::Response> response = upload.finish(kDuplicate);
  if (!response.has_value()) {
    if (response.error().code == ErrorCode::kCancelled) cancel(job, {});
    // An answer that was lost: the job tells whether it was begun.
    if (response.error().code != ErrorCode::kUnavailable) {
      return std::unexpected<Error>(response.error());
    }
    TRY_ASSIGN(std::optional<JobState> found, find(job, what));
    if (!found.has_value()) return std::unexpected<Error>(response.error());
    return wait(job, *std::move(found), what);
  }
  if (response->status == kDuplicate) {
    TRY_ASSIGN(JobState state, poll(job, {}, what));
    return wait(job, std::move(state), what);
  }
  TRY_ASSIGN(JobState state, parse_job(response->body, what));
  return wait(job, std::move(state), what);
}

void Bigquery::cancel(const std::string& job, const std::string& location) {
  http::Request request;
  request.method = "POST";
  Result<http::Url> address =
      url(fmt::format("/bigquery/v2/projects/{}/jobs/{}/cancel?{}",
                      http::percent_encode(place_.project), job, place_query(location)));
  if (!address.has_value()) return;
  request.url = *std::move(address);
  caller_.call_in_passing(std::move(request));
}

}  // namespace cordyna::google
