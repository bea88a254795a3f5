#pragma once

// Included ahead of Boost's headers: what they say without these is hundreds of lines long.

#if !defined(__cpp_rtti) && !defined(__GXX_RTTI)
#error "mpimap: compile without -fno-rtti: calls and objects are told apart by typeid, here and in Boost"
#endif
#if !defined(__cpp_exceptions)
#error "mpimap: compile without -fno-exceptions: what goes wrong is thrown, on every rank"
#endif
