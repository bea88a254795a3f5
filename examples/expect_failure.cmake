# Runs COMMAND, a list, and fails unless it ends by itself with exit status 1 after saying MESSAGE (plain text) once, whatever
# the number of ranks.

execute_process(COMMAND ${COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
message("${output}${errors}exit status: ${status}")

if(NOT status EQUAL 1)
  message(FATAL_ERROR "the exit status is not 1")
endif()
string(FIND "${errors}" "${MESSAGE}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "standard error does not say: ${MESSAGE}")
endif()
string(REGEX MATCHALL "periodogram: " messages "${errors}")
list(LENGTH messages count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "there are ${count} messages instead of one")
endif()
