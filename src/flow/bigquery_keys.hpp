/// The keys of a connection to BigQuery.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/database_keys.hpp"
#include "flow/key_spec.hpp"

namespace cordyna::flow::connection_detail {

inline constexpr std::array kBigqueryTypes{std::string_view("bigquery")};

inline constexpr std::array kBigqueryFields{
    KeySpec{.name = "type",
            .kind = ValueKind::kEnum,
            .description = "What is connected to.",
            .required = true,
            .words = kBigqueryTypes},
    KeySpec{.name = "name",
            .kind = ValueKind::kId,
            .description = "What messages call it; the name of its file, where it has one."},
    KeySpec{.name = "project",
            .kind = ValueKind::kText,
            .description = "The project that jobs run in and pay from, and that tables are of "
                           "which name none.",
            .required = true},
    KeySpec{.name = "dataset",
            .kind = ValueKind::kText,
            .description = "The dataset of tables that name none."},
    KeySpec{.name = "location",
            .kind = ValueKind::kText,
            .description = "Where the datasets are, as EU or europe-west3. Without it, what "
                           "BigQuery takes: US, or what the tables of a query tell."},
    KeySpec{.name = "key",
            .kind = ValueKind::kObject,
            .description = "{secret: NAME}: the key of a service account, the whole JSON file as "
                           "Google gives it. Only an `endpoint` of this machine does without.",
            .fields = kSecretFields},
    KeySpec{.name = "endpoint",
            .kind = ValueKind::kText,
            .description = "http(s)://HOST of what stands in for BigQuery; without it, Google's."},
};

}  // namespace cordyna::flow::connection_detail
