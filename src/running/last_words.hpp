#pragma once

// A rank that dies in an item, by a signal, by std::terminate or since the item calls exit, says which item
// that was.

#include <string_view>

#include <mpimap/detail/running_items.hpp>
#include <mpimap/detail/short_text.hpp>

#include "errors/run_again.hpp"

namespace mpimap::detail {

/// "mpimap: rank 3 (n4) dies by SIGSEGV in item 17 of call 2", and how that item is run again. `cause`: what
/// the rank does. Asks for no memory.
void append_last_words(short_text& text, const running_items& innermost, std::string_view host,
                       std::string_view cause, const line_to_run_again& again);
/// "Its arguments: 0.5, -2", where there is something to be told of them.
void append_arguments(short_text& text, const running_items& innermost);

/// Both on the standard error, once in this process: what follows from a death is no other one.
void tell_last_words(const running_items& innermost, std::string_view cause) noexcept;
/// Of what runs now; outside of items there are none.
void tell_last_words(std::string_view cause) noexcept;

/// Signals that end a program which has done something wrong. They are handled here first, from install()
/// on, if nobody handled them when this was made; handlers that came in between, such as MPI's, come next.
class fatal_signals {
  public:
    fatal_signals() noexcept;
    void install();

    /// The program exits with that status.
    static void tell_of_exit(int status) noexcept;

  private:
    unsigned unhandled_ = 0; // of these signals, a bit for each
};

} // namespace mpimap::detail
