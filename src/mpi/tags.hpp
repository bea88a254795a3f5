#pragma once

namespace mpimap::detail {

/// Of all messages on the duplicate of a communicator. MPI keeps the order of messages with the same source
/// and tag; that is all we need.
enum tag : int {
    tag_of_control = 1,  // headers, and what is whole with them: channel
    tag_of_data = 2,     // the rest of messages: channel
    tag_of_error = 3,    // one that nobody has caught is told
    tag_of_question = 4, // roll_messages
    tag_of_answer = 5
};

} // namespace mpimap::detail
