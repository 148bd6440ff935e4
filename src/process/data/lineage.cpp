#include "process/data/lineage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/hash.hpp"
#include "http/client.hpp"
#include "http/url.hpp"
#include "process/data/remote.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

constexpr std::string_view kProducer = "urn:cordyna:dyna:" CORDYNA_VERSION;
constexpr std::string_view kSchema =
    "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
constexpr std::string_view kFile = "file://";
constexpr http::Waits kWaits{2'000, 5'000, -1};

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

/// A facet of OpenLineage's own, of that version.
json::object facet(std::string_view name, std::string_view version, json::object content) {
  content["_producer"] = view(kProducer);
  content["_schemaURL"] =
      fmt::format("https://openlineage.io/spec/facets/{0}/{1}.json#/$defs/{1}", version, name);
  return content;
}

/// The id of an attempt: the same for all of its events, and in every process.
std::string attempt_uuid(const AttemptName& attempt) {
  const std::string text = fmt::format("{}\n{}\n{}", attempt.run, attempt.task, attempt.number);
  const std::uint64_t high = fnv1a(text);
  const std::uint64_t low = fnv1a(text, kFnvPrime ^ high);
  return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & 0xffffffffffff);
}

json::object dataset(std::string_view space, std::string_view name) {
  return {{"namespace", view(space)}, {"name", view(name)}};
}

/// How OpenLineage names what lies outside: file, web address, s3://bucket.
json::object place(const std::string& where) {
  const std::size_t scheme = where.find("://");
  if (scheme == std::string::npos) return dataset("file", where);
  const std::size_t path = where.find('/', scheme + 3);
  if (path == std::string::npos) return dataset(where, "/");
  const bool object = is_object(where);
  return dataset(where.substr(0, path), where.substr(path + (object ? 1 : 0)));
}

json::object table(const Connection& connection, const TableName& name) {
  const std::string space =
      fmt::format("postgres://{}:{}", connection.host.empty() ? "localhost" : connection.host,
                  connection.port.empty() ? "5432" : connection.port);
  return dataset(space, fmt::format("{}.{}.{}", connection.database,
                                    name.schema.empty() ? "public" : name.schema, name.table));
}

json::object schema_facet(const std::vector<SourceColumn>& columns) {
  json::array fields;
  for (const SourceColumn& column : columns) {
    fields.push_back({{"name", column.name}, {"type", column.type}});
  }
  return facet("SchemaDatasetFacet", "1-1-1", {{"fields", std::move(fields)}});
}

/// Rows, and missing values where a guard has counted them.
json::object quality_facet(const StepReport& report) {
  json::object columns;
  if (report.guard.has_value()) {
    for (const auto& [name, percent] : report.guard->point.metrics) {
      if (!name.starts_with("nulls(")) continue;
      const double nulls = percent * static_cast<double>(report.rows) / 100;
      columns[name.substr(6, name.size() - 7)] = {{"nullCount", std::llround(nulls)}};
    }
  }
  return facet(
      "DataQualityMetricsInputDatasetFacet", "1-0-2",
      {{"rowCount", report.rows_in.value_or(report.rows)}, {"columnMetrics", std::move(columns)}});
}

json::object assertions_facet(const StepReport& report) {
  json::array assertions;
  for (const CheckCount& check : report.checks) {
    assertions.push_back({{"assertion", check.name}, {"success", check.bad == 0}});
  }
  return facet("DataQualityAssertionsDatasetFacet", "1-0-1",
               {{"assertions", std::move(assertions)}});
}

json::array inputs_of(const Step& step, const StepReport& report, const std::string& space,
                      bool ended) {
  json::array inputs;
  if (const auto* load = std::get_if<LoadParams>(&step.params)) {
    json::object source =
        load->database.has_value() ? table(load->database->connection, load->database->table)
        : load->bigquery.has_value()
            ? dataset("bigquery", load->bigquery->table.empty() ? load->bigquery->connection.project
                                                                : load->bigquery->table)
            : place(http::shown_address(load->from));
    inputs.push_back(std::move(source));
  }
  for (const Upstream& upstream : step.upstream) {
    json::object input = dataset(space, step.flow + "/" + upstream.id);
    if (!upstream.columns.empty()) {
      input["facets"] = {{"schema", schema_facet(upstream.columns)}};
    }
    inputs.push_back(std::move(input));
  }
  // Of several inputs nobody knows which rows were counted.
  if (!ended || inputs.size() != 1) return inputs;
  json::object facets{{"dataQualityMetrics", quality_facet(report)}};
  if (!report.checks.empty()) facets["dataQualityAssertions"] = assertions_facet(report);
  inputs[0].get_object()["inputFacets"] = std::move(facets);
  return inputs;
}

json::array outputs_of(const Step& step, const StepReport& report, const std::string& space,
                       bool complete) {
  json::array outputs;
  std::vector<SourceColumn> columns = report.schema;
  if (const auto* share = std::get_if<ShareParams>(&step.params)) {
    for (const std::string& target : share->to) outputs.push_back(place(target));
    for (const TableTarget& target : share->tables) {
      outputs.push_back(table(target.connection, target.table));
    }
    for (const BigqueryTarget& target : share->bigquery) {
      outputs.push_back(dataset("bigquery", google::shown_table(target.table)));
    }
    if (step.upstream.size() == 1) columns = step.upstream[0].columns;
  } else {
    outputs.push_back(dataset(space, step.flow + "/" + step.id));
  }
  if (!complete) return outputs;
  for (json::value& output : outputs) {
    json::object& object = output.get_object();
    if (!columns.empty()) object["facets"] = {{"schema", schema_facet(columns)}};
    object["outputFacets"] = {{"outputStatistics", facet("OutputStatisticsOutputDatasetFacet",
                                                         "1-0-2", {{"rowCount", report.rows}})}};
  }
  return outputs;
}

std::string_view word_of(LineageMoment moment) {
  switch (moment) {
    case LineageMoment::kStart: return "START";
    case LineageMoment::kComplete: return "COMPLETE";
    case LineageMoment::kAbort: return "ABORT";
    case LineageMoment::kFail: return "FAIL";
  }
  return "OTHER";
}

json::object run_of(const Step& step, const TaskError* error, const std::string& space) {
  json::object facets;
  facets["parent"] = facet("ParentRunFacet", "1-0-1",
                           {{"run", {{"runId", step.attempt.run}}},
                            {"job", {{"namespace", space}, {"name", step.flow}}}});
  if (error != nullptr) {
    facets["errorMessage"] =
        facet("ErrorMessageRunFacet", "1-0-1",
              {{"message", fmt::format("{}: {}", info(error->code).name, error->message)},
               {"programmingLanguage", "SQL"}});
  }
  return {{"runId", attempt_uuid(step.attempt)}, {"facets", std::move(facets)}};
}

json::object job_of(const Step& step, const std::string& space) {
  json::object facets;
  facets["jobType"] =
      facet("JobTypeJobFacet", "2-0-3",
            {{"processingType", "BATCH"}, {"integration", "CORDYNA"}, {"jobType", "TASK"}});
  if (const auto* transform = std::get_if<TransformParams>(&step.params)) {
    facets["sql"] = facet("SQLJobFacet", "1-0-1", {{"query", transform->sql}});
  }
  return {{"namespace", space}, {"name", step.flow + "." + step.id}, {"facets", std::move(facets)}};
}

/// One line in one write: events of several steps do not mix.
Result<> append_line(const std::string& path, std::string line) {
  line += '\n';
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", path, std::strerror(errno)));
  const ssize_t written = ::write(fd, line.data(), line.size());
  const int error = errno;
  ::close(fd);
  if (written == static_cast<ssize_t>(line.size())) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: {}", path, written < 0 ? std::strerror(error) : "cut short"));
}

}  // namespace

std::string lineage_event(LineageMoment moment, const Step& step, const StepReport& report,
                          const TaskError* error, const std::string& space, Millis at) {
  const bool complete = moment == LineageMoment::kComplete;
  return json::serialize(
      json::object{{"eventType", view(word_of(moment))},
                   {"eventTime", format_timestamp(at)},
                   {"producer", view(kProducer)},
                   {"schemaURL", view(kSchema)},
                   {"run", run_of(step, error, space)},
                   {"job", job_of(step, space)},
                   {"inputs", inputs_of(step, report, space, moment != LineageMoment::kStart)},
                   {"outputs", outputs_of(step, report, space, complete)}});
}

Lineage::Lineage(const std::function<std::string(const char* name)>& environment) {
  const std::string disabled = environment("OPENLINEAGE_DISABLED");
  if (disabled == "true" || disabled == "1") return;
  url_ = environment("OPENLINEAGE_URL");
  if (!url_.empty() && !url_.starts_with(kFile)) {
    std::string endpoint = environment("OPENLINEAGE_ENDPOINT");
    if (endpoint.empty()) endpoint = "api/v1/lineage";
    while (url_.ends_with('/')) url_.pop_back();
    url_ += (endpoint.starts_with('/') ? "" : "/") + endpoint;
  }
  const std::string space = environment("OPENLINEAGE_NAMESPACE");
  if (!space.empty()) space_ = space;
  key_ = environment("OPENLINEAGE_API_KEY");
}

Result<> Lineage::deliver(const std::string& event) const {
  if (url_.starts_with(kFile)) return append_line(url_.substr(kFile.size()), event);
  http::Request request;
  request.method = "POST";
  TRY_ASSIGN(request.url, http::parse_url(url_));
  request.headers.push_back({"Content-Type", "application/json"});
  if (!key_.empty()) request.headers.push_back({"Authorization", "Bearer " + key_});
  request.body = event;
  http::ClientOptions options;
  options.waits = kWaits;
  TRY_ASSIGN(const http::Response response, http::exchange(request, options, nullptr));
  if (response.is_ok()) return {};
  return fail(ErrorCode::kUnavailable, fmt::format("{} answers {} {}", request.url.shown(),
                                                   response.status, response.reason));
}

void Lineage::send(LineageMoment moment, const Step& step, const StepReport& report,
                   const TaskError* error, Millis at,
                   const std::function<void(std::string_view)>& say) const {
  if (url_.empty()) return;
  const Result<> sent = deliver(lineage_event(moment, step, report, error, space_, at));
  if (sent.has_value()) return;
  say(fmt::format("OpenLineage: the {} event was not delivered: {}", word_of(moment),
                  sent.error().message));
}

}  // namespace cordyna::data
