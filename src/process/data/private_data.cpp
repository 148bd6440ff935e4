#include "process/data/private_data.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <system_error>
#include <vector>

#include "process/data/contract.hpp"
#include "process/data/files.hpp"

namespace cordyna::data {
namespace {

namespace fs = std::filesystem;

bool ended_well(RunState state) {
  return state == RunState::kCompleted || state == RunState::kWarning;
}

std::string flow_name(const RunRow& run) {
  return run.ns.empty() ? run.flow_id : run.ns + "." + run.flow_id;
}

/// Of "17": numbers of ours and nothing else.
std::optional<RunNo> run_of(const std::string& name) {
  RunNo no = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, no);
  if (error != std::errc() || stop != end || no < 1) return std::nullopt;
  return no;
}

/// The runs that have marks, ascending.
std::set<RunNo> marked_runs(const std::string& folder) {
  std::set<RunNo> runs;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::optional<RunNo> no = run_of(at->path().filename().string());
    if (no.has_value()) runs.insert(*no);
  }
  return runs;
}

/// False: something of it is still there.
bool empty_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return !error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  for (const fs::path& entry : entries) {
    if (!error) fs::remove_all(entry, error);
  }
  return !error;
}

/// What one mark names, in the attempt's folder. False: something of it is still there.
bool remove_marked(const fs::path& mark, const fs::path& attempt) {
  std::ifstream lines(mark);
  if (!lines) return false;
  bool whole = true;
  std::error_code error;
  for (std::string name; std::getline(lines, name);) {
    whole = false;
    fs::remove(attempt / attempt_file::kArtifacts / fs::path(name).filename(), error);
    if (error) return false;
  }
  // What a killed step was working on.
  if (!empty_folder(attempt / attempt_file::kWork)) return false;
  return !whole || empty_folder(attempt / attempt_file::kArtifacts);
}

}  // namespace

bool reads_pii(const Step& step) {
  const auto* load = std::get_if<LoadParams>(&step.params);
  if (load != nullptr) return load->contract.has_value() && has_pii(*load->contract);
  return std::ranges::any_of(step.upstream, [](const Upstream& upstream) {
    return std::ranges::any_of(upstream.columns, &SourceColumn::pii);
  });
}

Result<> mark_private(const Step& step) {
  const std::string& mark = step.paths.private_mark;
  if (step.keep_pii || mark.empty() || !reads_pii(step)) return {};
  TRY(make_folders(fs::path(mark).parent_path().string()));
  TRY(write_file(mark + ".new", ""));
  return publish(mark + ".new", mark);
}

Result<> narrow_mark(const Step& step, const StepReport& report) {
  const std::string& mark = step.paths.private_mark;
  const bool still = std::ranges::any_of(report.schema, &SourceColumn::pii);
  if (step.keep_pii || mark.empty() || !reads_pii(step) || still || report.data.empty()) return {};
  std::string names;
  for (const auto& [kind, path] : report.files) {
    names += fs::path(path).filename().string() + "\n";
  }
  if (names.empty()) {
    std::error_code error;
    fs::remove(mark, error);
    return {};
  }
  TRY(write_file(mark + ".new", names));
  return publish(mark + ".new", mark);
}

void PrivateData::recover() {
  const std::set<RunNo> runs = marked_runs(layout_.private_folder());
  if (runs.empty() || !open_reader_) return;
  const Result<StoreReader*> reader = open_reader_();
  if (!reader.has_value()) return;
  for (const RunNo no : runs) {
    const Result<RunRow> run = (*reader)->find_run(no);
    if (!run.has_value() || !is_final(run->state)) continue;
    run_ended(*run);
    // A later run may have ended without a mark of its own.
    const auto newest = (*reader)->list_runs({.flow_id = run->flow_id, .limit = 1});
    if (!newest.has_value() || newest->empty()) continue;
    const RunRow& last = newest->front();
    if (last.no > no && is_final(last.state) && last.ns == run->ns) run_ended(last);
  }
}

void PrivateData::run_ended(const RunRow& run) {
  settle(run);
  if (run.rerun_of == 0) return;
  // What it took over may go now, if it was only waited for this one.
  for (const RunNo no : std::set<RunNo>(taken_over_)) {
    if (may_go(no)) remove(no);
  }
}

/// Not while an unfinished rerun reads from it. What cannot be known is kept until the next start.
bool PrivateData::may_go(RunNo run) const {
  if (!open_reader_) return true;
  const Result<StoreReader*> reader = open_reader_();
  if (!reader.has_value()) return false;
  const Result<bool> read = (*reader)->is_read_by_rerun(run);
  return read.has_value() && !*read;
}

void PrivateData::settle(const RunRow& run) {
  const std::string flow = flow_name(run);
  const auto before = kept_.find(flow);
  if (before != kept_.end() && before->second != run.no) {
    remove(before->second);
    kept_.erase(before);
  }
  std::error_code error;
  if (!fs::exists(layout_.private_folder(run.no), error)) return;
  if (ended_well(run.state)) {
    remove(run.no);
  } else {
    kept_[flow] = run.no;
  }
}

void PrivateData::remove(RunNo run) {
  const fs::path folder = layout_.private_folder(run);
  if (!may_go(run)) {
    taken_over_.insert(run);
    return;
  }
  taken_over_.erase(run);
  std::vector<fs::path> marks;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    marks.push_back(at->path());
  }
  for (const fs::path& mark : marks) {
    // One that was never finished is of a step that wrote nothing yet.
    const bool done = mark.extension() == ".new" ||
                      remove_marked(mark, fs::path(layout_.run_folder(run)) / mark.filename());
    if (done) fs::remove(mark, error);
  }
  fs::remove(folder, error);  // only where nothing is left in it
}

}  // namespace cordyna::data
