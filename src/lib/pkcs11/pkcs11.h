/*
 * PKCS#11 (Cryptoki) 3.2: the whole C interface of versions 2.40 to 3.2.
 *
 * Include this file only; it needs nothing defined beforehand and compiles as
 * C99, C11 and C++11. An application that must change the calling convention
 * may define the five macros of "Platform" itself. Structures have natural
 * alignment except on Windows, where they are packed: the standard's section
 * "Platform- and compiler-dependent directives" asks for packing everywhere,
 * but no module or application outside Windows follows it.
 */
#ifndef PKCS11_PKCS11_H
#define PKCS11_PKCS11_H

#ifdef __cplusplus
extern "C" {
#endif

/* Platform: pointers, calling convention, visibility */
#ifndef CK_PTR
#define CK_PTR *
#endif

#ifndef CK_DECLARE_FUNCTION
#ifdef __GNUC__		/* C_* stay visible in a library built with all else hidden */
#define CK_DECLARE_FUNCTION(type, name) \
	__attribute__((visibility("default"))) type name
#else
#define CK_DECLARE_FUNCTION(type, name) type name
#endif
#endif

#ifndef CK_DECLARE_FUNCTION_POINTER
#define CK_DECLARE_FUNCTION_POINTER(type, name) type (CK_PTR name)
#endif

#ifndef CK_CALLBACK_FUNCTION
#define CK_CALLBACK_FUNCTION(type, name) type (CK_PTR name)
#endif

#ifndef NULL_PTR
#ifdef __cplusplus
#define NULL_PTR nullptr
#else
#define NULL_PTR ((void *)0)
#endif
#endif

#ifdef _WIN32
#pragma pack(push, cryptoki, 1)
#endif

#include "pkcs11_const.h"
#include "pkcs11_types.h"

/* CK_C_*: the type of a pointer to each function */
#define FUNCTION(name, major, minor, params, args) \
	typedef CK_DECLARE_FUNCTION_POINTER(CK_RV, CK_##name) params;
#include "functions.def"

/* C_*: the functions themselves */
#define FUNCTION(name, major, minor, params, args) \
	extern CK_DECLARE_FUNCTION(CK_RV, name) params;
#include "functions.def"

/*
 * The function lists. Each begins with the members of the older ones, in the
 * order of functions.def; PKCS11_IN_* say which rows the next list takes.
 */
#define FUNCTION(name, major, minor, params, args) \
	PKCS11_IN_##major##_##minor(name)
#define PKCS11_IN_2_40(name)	CK_##name name;
#define PKCS11_IN_3_0(name)
#define PKCS11_IN_3_2(name)
struct CK_FUNCTION_LIST {
	CK_VERSION version;
#include "functions.def"
};

#define FUNCTION(name, major, minor, params, args) \
	PKCS11_IN_##major##_##minor(name)
#undef PKCS11_IN_3_0
#define PKCS11_IN_3_0(name)	CK_##name name;
struct CK_FUNCTION_LIST_3_0 {
	CK_VERSION version;
#include "functions.def"
};

#define FUNCTION(name, major, minor, params, args) \
	PKCS11_IN_##major##_##minor(name)
#undef PKCS11_IN_3_2
#define PKCS11_IN_3_2(name)	CK_##name name;
struct CK_FUNCTION_LIST_3_2 {
	CK_VERSION version;
#include "functions.def"
};

#undef PKCS11_IN_2_40
#undef PKCS11_IN_3_0
#undef PKCS11_IN_3_2

#ifdef _WIN32
#pragma pack(pop, cryptoki)
#endif

#ifdef __cplusplus
}
#endif

#endif
