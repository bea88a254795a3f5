#include "shown/shown_progress.hpp"

#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "call/owner.hpp"

namespace mpimap::detail {
namespace {

/// Of the terminal; 80 where it does not say.
std::size_t columns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

/// What calls of all threads share.
class screen {
  public:
    void begin(progress_style style, call_progress& call) {
        const std::lock_guard lock(mutex_);
        if (shown_ == 0)
            display_ = display(style, columns);
        display_.begin(call, seconds_now());
        ++shown_;
    }
    template <typename Change>
    void change(const Change& make_change) noexcept {
        const std::lock_guard lock(mutex_);
        try {
            make_change();
        } catch (const std::bad_alloc&) {
            // What is shown is a little wrong then.
        }
    }
    void look() noexcept {
        change([this] { write(display_.look(seconds_now())); });
    }
    void end(call_progress& call) noexcept {
        change([&] {
            --shown_;
            write(display_.end(call, seconds_now()));
        });
    }

  private:
    /// At once, and past the program's own buffers. What cannot be written is not shown.
    static void write(std::string_view text) noexcept {
        while (!text.empty()) {
            const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
            if (written <= 0)
                return;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    std::mutex mutex_;
    display display_{progress_style::none, columns};
    std::size_t shown_ = 0;
};

/// For ever: the program may exit while an item runs, and calls are shown to their ends.
screen& the_screen() {
    static screen& one = *new screen;
    return one;
}

} // namespace

progress_style style_of_progress_here(bool wanted) {
    const char* const variable = std::getenv("MPIMAP_PROGRESS");
    if (variable == nullptr && !wanted)
        return progress_style::none;
    return style_of_progress(variable, wanted, isatty(STDERR_FILENO) == 1);
}

shown_progress::shown_progress(progress_style style, root_job& job, const std::vector<double>& costs,
                               std::size_t ranks)
    : call_(job.ordinal(), expected_items(job), ranks, costs, seconds_now()) {
    the_screen().begin(style, call_);
}
shown_progress::~shown_progress() {
    the_screen().end(call_);
}

void shown_progress::settled(const settled_items& what) noexcept {
    the_screen().change([&] { call_.settled(what, seconds_now()); });
}

void shown_progress::look(const owner& state) noexcept {
    constexpr std::chrono::milliseconds often{50};
    const clock::time_point now = clock::now();
    if (now - looked_ < often)
        return;
    looked_ = now;
    the_screen().change([&] { call_.at_work(state.ranks_at_work()); });
    the_screen().look();
}

} // namespace mpimap::detail
