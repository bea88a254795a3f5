# Runs COMMAND, a list, and fails unless it ends by itself, in time and with an exit status other than 0, and says on standard
# error each of MESSAGES, a list of texts, exactly once.
# Nothing else may be told of an uncaught exception.

execute_process(COMMAND ${COMMAND} TIMEOUT 60 RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
message("${output}${errors}exit status: ${status}")

if(NOT status MATCHES "^[1-9][0-9]*$")
  message(FATAL_ERROR "the exit status is not a number other than 0")
endif()

function(count text result)
  string(LENGTH "${errors}" before)
  string(REPLACE "${text}" "" without "${errors}")
  string(LENGTH "${without}" after)
  string(LENGTH "${text}" length)
  math(EXPR times "(${before} - ${after}) / ${length}")
  set(${result} ${times} PARENT_SCOPE)
endfunction()

foreach(text IN LISTS MESSAGES)
  count("${text}" times)
  if(NOT times EQUAL 1)
    message(FATAL_ERROR "standard error says ${times} times: ${text}")
  endif()
endforeach()
count("uncaught exception" times)
list(LENGTH MESSAGES expected)
if(NOT times EQUAL expected)
  message(FATAL_ERROR "there are ${times} texts of exceptions instead of ${expected}")
endif()
foreach(text IN ITEMS "behind the barrier" "this call hangs")
  string(FIND "${errors}${output}" "${text}" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "the output says: ${text}")
  endif()
endforeach()
