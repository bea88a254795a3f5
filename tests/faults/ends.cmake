# Runs COMMAND, a list, and fails unless it ends by itself and in time; with STATUS also unless that is its exit status, with
# SAYS unless standard error has that text. No rank may die of a signal.

execute_process(COMMAND ${COMMAND} TIMEOUT 60 RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
message("${output}${errors}exit status: ${status}")

# Otherwise a text, of a signal or of the time that is over.
if(NOT status MATCHES "^[0-9]+$")
  message(FATAL_ERROR "the exit status is not a number")
endif()
if(NOT "${STATUS}" STREQUAL "" AND NOT status EQUAL STATUS)
  message(FATAL_ERROR "the exit status is not ${STATUS}")
endif()
foreach(text IN ITEMS "exited on signal" "this call hangs" "Signal:")
  string(FIND "${errors}${output}" "${text}" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "the output says: ${text}")
  endif()
endforeach()
if(NOT "${SAYS}" STREQUAL "")
  string(FIND "${errors}" "${SAYS}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "standard error does not say: ${SAYS}")
  endif()
endif()
