/// `dyna data-step STEP.JSON`: one data step as a process of its own.
///
/// It runs under a guardian like any other task, so it is adopted, cancelled and timed like one.
/// What it is to do stands in step.json (step.hpp); how it ended, in the report file named there.
#pragma once

#include <string>

namespace cordyna::data {

/// Carries the step out. 0: done; 1: failed, the report has the error and standard error its
/// message; 2: step.json cannot be read. Threads: one, in a process that has no others.
[[nodiscard]] int data_step_main(const std::string& path);

}  // namespace cordyna::data
