#pragma once

// What is shown of all calls of this process that show their progress: which text, and when. It writes
// nothing itself.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watch/call_progress.hpp"
#include "watch/pace.hpp"

namespace mpimap::detail {

enum class progress_style { none, lines, bar };

/// What MPIMAP_PROGRESS and options::progress come to. `variable`: null where it is not set. Throws
/// invalid_argument where it makes no sense.
[[nodiscard]] progress_style style_of_progress(const char* variable, bool wanted, bool is_terminal);

class display {
  public:
    /// `width`: of the terminal, in columns.
    display(progress_style style, std::function<std::size_t()> width);

    /// The call is shown until its end.
    void begin(call_progress& call, double now);
    /// Something has been settled, or time has passed: the text to be written now, mostly none.
    [[nodiscard]] std::string look(double now);
    /// The call is over: what is written of that.
    [[nodiscard]] std::string end(call_progress& call, double now);

  private:
    struct entry {
        call_progress* call;
        pace_of_lines pace;
    };
    [[nodiscard]] std::string bar(double now) const;

    progress_style style_;
    std::function<std::size_t()> width_;
    std::vector<entry> calls_;
    pace_of_bar pace_{0};
};

} // namespace mpimap::detail
