# Runs COMMAND, a list, and fails unless it ends by itself, in time and with an exit status other than 0, after saying MESSAGE
# (plain text) on standard error. No rank may come to the end of the program.

execute_process(COMMAND ${COMMAND} TIMEOUT 60 RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
message("${output}${errors}exit status: ${status}")

# Otherwise a text, of a signal or of the time that is over.
if(NOT status MATCHES "^[1-9][0-9]*$")
  message(FATAL_ERROR "the exit status is not a number other than 0")
endif()
string(FIND "${errors}" "${MESSAGE}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "standard error does not say: ${MESSAGE}")
endif()
string(FIND "${output}" "behind the barrier" found)
if(NOT found EQUAL -1)
  message(FATAL_ERROR "a rank went on")
endif()
