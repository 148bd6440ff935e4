/// What BigQuery's answers hold: jobs, columns, rows.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "google/bigquery.hpp"

namespace cordyna::google {
namespace {

namespace json = boost::json;

constexpr int kLevelsMax = 32;  // of records within records; BigQuery has 15
constexpr std::size_t kErrorsMax = 5;

const json::object* object_at(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

std::string text_at(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<json::object> parse_answer(std::string_view text, const std::string& what) {
  boost::system::error_code failed;
  json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (!failed.failed() && value.is_object()) return std::move(value.get_object());
  return fail(ErrorCode::kUnavailable, what + ": BigQuery's answer cannot be read");
}

ErrorCode code_of(std::string_view reason) {
  constexpr std::array<std::pair<std::string_view, ErrorCode>, 12> kCodes{
      {{"notFound", ErrorCode::kNotFound},
       {"accessDenied", ErrorCode::kDenied},
       {"backendError", ErrorCode::kUnavailable},
       {"internalError", ErrorCode::kUnavailable},
       {"jobBackendError", ErrorCode::kUnavailable},
       {"jobInternalError", ErrorCode::kUnavailable},
       {"jobRateLimitExceeded", ErrorCode::kUnavailable},
       {"rateLimitExceeded", ErrorCode::kUnavailable},
       {"quotaExceeded", ErrorCode::kUnavailable},
       {"tableUnavailable", ErrorCode::kUnavailable},
       {"timeout", ErrorCode::kUnavailable},
       {"stopped", ErrorCode::kUnavailable}}};
  const auto* found =
      std::ranges::find(kCodes, reason, &std::pair<std::string_view, ErrorCode>::first);
  return found == kCodes.end() ? ErrorCode::kInvalidArgument : found->second;
}

/// "invalid: Syntax error (at query)"
std::string error_text(const json::object& error) {
  std::string text = text_at(error, "reason");
  if (const std::string message = text_at(error, "message"); !message.empty()) {
    text += (text.empty() ? "" : ": ") + message;
  }
  if (const std::string place = text_at(error, "location"); !place.empty()) {
    text += fmt::format(" (at {})", place);
  }
  std::ranges::replace_if(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, ' ');
  return text;
}

/// What the job failed at, and the further errors that say more.
Error job_error(const json::object& status, const json::object& result, const std::string& what) {
  std::string message = error_text(result);
  std::size_t told = 1;
  if (const json::array* errors = array_at(status, "errors")) {
    for (const json::value& item : *errors) {
      if (told == kErrorsMax || !item.is_object()) break;
      const std::string text = error_text(item.get_object());
      if (message.find(text) != std::string::npos) continue;
      message += "; " + text;
      ++told;
    }
  }
  return {code_of(text_at(result, "reason")), what + ": " + message};
}

std::vector<BigqueryField> parse_fields(const json::object& schema, int levels) {
  std::vector<BigqueryField> out;
  const json::array* fields = array_at(schema, "fields");
  if (fields == nullptr || levels == 0) return out;
  out.reserve(fields->size());
  for (const json::value& item : *fields) {
    const json::object* field = item.if_object();
    if (field == nullptr) continue;
    out.push_back({text_at(*field, "name"), text_at(*field, "type"),
                   text_at(*field, "mode") == "REPEATED", parse_fields(*field, levels - 1)});
  }
  return out;
}

bool is_record(const BigqueryField& field) {
  return field.type == "RECORD" || field.type == "STRUCT";
}

json::value plain_cell(const BigqueryField& field, const json::value& value);

/// {"f": [{"v": …}]} as an object.
json::value plain_record(const std::vector<BigqueryField>& fields, const json::value& value) {
  json::object out;
  const json::array* cells = value.is_object() ? array_at(value.get_object(), "f") : nullptr;
  for (std::size_t i = 0; cells != nullptr && i < std::min(fields.size(), cells->size()); ++i) {
    const json::object* cell = (*cells)[i].if_object();
    const json::value* inner = cell == nullptr ? nullptr : cell->if_contains("v");
    out[fields[i].name] = inner == nullptr ? json::value() : plain_cell(fields[i], *inner);
  }
  return out;
}

json::value plain_scalar(const BigqueryField& field, const json::value& value) {
  if (is_record(field)) return value.is_null() ? value : plain_record(field.fields, value);
  if (!value.is_string()) return value;
  const std::string_view text = value.get_string();
  if (field.type == "BOOLEAN" || field.type == "BOOL") return text == "true";
  const bool number = field.type == "INTEGER" || field.type == "INT64" || field.type == "FLOAT" ||
                      field.type == "FLOAT64";
  if (!number) return value;
  boost::system::error_code failed;
  json::value parsed = json::parse(json::string_view(text.data(), text.size()), failed);
  return failed.failed() ? value : parsed;  // NaN is no JSON
}

json::value plain_cell(const BigqueryField& field, const json::value& value) {
  if (!field.repeated) return plain_scalar(field, value);
  json::array out;
  const json::array* items = value.if_array();
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    const json::object* item = (*items)[i].if_object();
    const json::value* inner = item == nullptr ? nullptr : item->if_contains("v");
    out.push_back(inner == nullptr ? json::value() : plain_scalar(field, *inner));
  }
  return out;
}

void append_csv(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

/// False: it is no row of these columns.
bool append_row(const std::vector<BigqueryField>& columns, const json::value& row,
                std::string& out) {
  const json::array* cells = row.is_object() ? array_at(row.get_object(), "f") : nullptr;
  if (cells == nullptr || cells->size() != columns.size()) return false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    const json::object* cell = (*cells)[i].if_object();
    const json::value* value = cell == nullptr ? nullptr : cell->if_contains("v");
    if (value == nullptr || value->is_null()) continue;
    if (columns[i].repeated || is_record(columns[i])) {
      append_csv(out, json::serialize(plain_cell(columns[i], *value)));
    } else if (value->is_string()) {
      append_csv(out, value->get_string());
    } else {
      append_csv(out, json::serialize(*value));
    }
  }
  out += '\n';
  return true;
}

}  // namespace

Result<JobState> parse_job(std::string_view text, const std::string& what) {
  TRY_ASSIGN(const json::object job, parse_answer(text, what));
  const json::object* status = object_at(job, "status");
  if (status == nullptr) {
    return fail(ErrorCode::kUnavailable, what + ": BigQuery's answer is no job");
  }
  JobState state;
  if (const json::object* reference = object_at(job, "jobReference")) {
    state.location = text_at(*reference, "location");
  }
  state.done = text_at(*status, "state") == "DONE";
  const json::object* result = object_at(*status, "errorResult");
  if (state.done && result != nullptr) state.error = job_error(*status, *result, what);
  return state;
}

Result<std::optional<RowPage>> parse_rows(std::string_view text, const std::string& what) {
  TRY_ASSIGN(const json::object answer, parse_answer(text, what));
  const json::value* complete = answer.if_contains("jobComplete");
  if (complete != nullptr && complete->is_bool() && !complete->get_bool()) {
    return std::optional<RowPage>();
  }
  RowPage page;
  if (const json::object* schema = object_at(answer, "schema")) {
    page.columns = parse_fields(*schema, kLevelsMax);
  }
  page.next = text_at(answer, "pageToken");
  const std::string total = text_at(answer, "totalRows");
  const auto [end, error] = std::from_chars(total.data(), total.data() + total.size(), page.total);
  if (page.columns.empty() || error != std::errc() || end != total.data() + total.size()) {
    return fail(ErrorCode::kInvalidArgument, what + ": it gives no rows: a query is wanted");
  }
  const json::array* rows = array_at(answer, "rows");
  for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
    const std::size_t before = page.rows.size();
    if (!append_row(page.columns, (*rows)[i], page.rows)) {
      return fail(ErrorCode::kUnavailable, what + ": a row of BigQuery's answer cannot be read");
    }
    page.row_bytes_max = std::max(page.row_bytes_max, page.rows.size() - before);
    ++page.count;
  }
  return std::optional<RowPage>(std::move(page));
}

}  // namespace cordyna::google
