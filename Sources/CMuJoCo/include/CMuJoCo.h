#pragma once
#include <mujoco/mujoco.h>

// A shim over libmujoco (2.2 and later) for the Swift module MuJoCo.
//
// MuJoCo reports a fatal error by calling `mju_user_error`, which must not return. Every function
// below that can meet such an error sets a jump target first, so that the error ends the call with
// CMJ_FAILED instead of ending the process. Only C and C++ frames of MuJoCo are jumped over: no
// Swift frame lies between the target and the error.

#ifdef __cplusplus
extern "C" {
#endif

enum { CMJ_MESSAGE_SIZE = 1024 };

// What a guarded call answers.
typedef enum { CMJ_OK = 0, CMJ_FAILED = 1 } cmj_result;

// The message of the calling thread's last failed call ("" where there was none).
const char* cmj_errorMessage(void);

// The text of the last warning that MuJoCo raised on the calling thread since the last call of
// cmj_clearWarning ("" where there was none). Warnings are never written to MUJOCO_LOG.TXT.
const char* cmj_warningMessage(void);
void cmj_clearWarning(void);

// Loads a model from a file. Answers NULL and leaves MuJoCo's message for cmj_errorMessage where the
// model is refused; a message that comes with a model is a warning and is left for
// cmj_warningMessage.
mjModel* cmj_loadModelFile(const char* path);

// Files in memory: a model's text and what it refers to. Each is copied. Their names are plain, of
// at most CMJ_FILE_NAME_SIZE bytes, and differ also without regard to case, because older versions
// compare them so. cmj_addFile fails with a message.
typedef struct cmj_files cmj_files;
enum { CMJ_FILE_NAME_SIZE = 80 };
cmj_files* cmj_makeFiles(void);
cmj_result cmj_addFile(cmj_files* files, const char* name, const void* bytes, int length);
void cmj_deleteFiles(cmj_files* files);

// Loads the model whose text is the file `name` among `files`, as cmj_loadModelFile does.
mjModel* cmj_loadModelFiles(const cmj_files* files, const char* name);

// Shows `visit` every part of a model that decides how its world moves, in the order of mjModel:
// sizes, options, and arrays of `rows` rows of `columns` numbers of `type` ('i' int, 'f' float,
// 'l' long, 'd' mjtNum, 'b' byte). What decides only how the world looks or what its parts are called is left
// out. The order and the names are those of the linked version.
typedef void (*cmj_visitor)(void* context, const char* name, char type, const void* numbers,
                            long rows, long columns);
void cmj_visitPhysics(const mjModel* model, cmj_visitor visit, void* context);

// The compiled model as MuJoCo's own binary file (MJB): its size, and its bytes.
int cmj_modelSize(const mjModel* model);
cmj_result cmj_saveModel(const mjModel* model, void* bytes, int length);

// Whether contacts are sought between all geoms whose bits allow it, and not only between the pairs
// that the model names.
int cmj_testsGeoms(const mjModel* model);

// mj_makeData; NULL where it fails.
mjData* cmj_makeData(const mjModel* model);

// `count` calls of mj_step. Warning counters go on counting where MuJoCo, having met an
// instability, resets the data and with it the counters.
cmj_result cmj_step(const mjModel* model, mjData* data, int count);

cmj_result cmj_forward(const mjModel* model, mjData* data);

// Gives the quaternions in qpos length 1: after cmj_forward, which does so itself up to version 2 only.
void cmj_normalizeQuaternions(const mjModel* model, mjData* data);

cmj_result cmj_reset(const mjModel* model, mjData* data);
cmj_result cmj_resetToKeyframe(const mjModel* model, mjData* data, int keyframe);

// What a picture needs of positions, and nothing else: frames of bodies, geoms, cameras and lights.
cmj_result cmj_updatePose(const mjModel* model, mjData* data);

// The kinds of warnings, numbered as MuJoCo did up to 3.6.
enum { CMJ_WARNING_KINDS = 8 };

// How often a warning of kind `kind` (below CMJ_WARNING_KINDS) was raised, and its setter. A kind
// that this version does not have is never raised.
int cmj_warningCount(const mjData* data, int kind);
void cmj_setWarningCount(mjData* data, int kind, int count);

// MuJoCo's text for a warning of kind `kind`, with what it last said about it.
const char* cmj_warningText(const mjData* data, int kind);

// The actuators; from 3.11 on one may take several controls.
int cmj_actuatorCount(const mjModel* model);
// The actuator that takes this control, and the first control of an actuator.
int cmj_actuatorOfControl(const mjModel* model, int control);
int cmj_firstControl(const mjModel* model, int actuator);

// The address of an actuator's first activation; -1 where it has none.
int cmj_actuatorActivation(const mjModel* model, int actuator);

// Deformable bodies; versions before 3 have none.
int cmj_flexCount(const mjModel* model);

// What MJCF calls a sensor of this type; NULL for one that is not known here.
const char* cmj_sensorType(int type);

// Whether a joint limits the total force of its actuators, and its limits; versions before 3 have
// none.
int cmj_jointForceRange(const mjModel* model, int joint, double range[2]);

// What of the state that goes on to the same bits has no field of its own here: active equality
// constraints, histories of delayed actuators, the state of plugins. Versions before 3 have none.
int cmj_otherStateSize(const mjModel* model);
void cmj_getOtherState(const mjModel* model, const mjData* data, double* state);
void cmj_setOtherState(const mjModel* model, mjData* data, const double* state);

// Drawing. All need a current OpenGL context.
cmj_result cmj_makeScene(const mjModel* model, mjvScene* scene, int geomCapacity);
cmj_result cmj_makeContext(const mjModel* model, mjrContext* context, int fontScale);
cmj_result cmj_updateScene(const mjModel* model, mjData* data, const mjvOption* option,
                           mjvCamera* camera, mjvScene* scene);
void cmj_moveCamera(const mjModel* model, int action, double x, double y, const mjvScene* scene,
                    mjvCamera* camera);
cmj_result cmj_render(mjrRect viewport, mjvScene* scene, const mjrContext* context);
cmj_result cmj_setBuffer(int buffer, mjrContext* context);
cmj_result cmj_readPixels(unsigned char* rgb, float* depth, mjrRect viewport,
                          const mjrContext* context);

// Adds a geom to the scene: 0 where the scene is full. `label` may be NULL.
// cmj_addConnector spans the geom between two points.
int cmj_addGeom(mjvScene* scene, int type, const double size[3], const double position[3],
                const double rotation[9], const float rgba[4], float emission);
int cmj_addConnector(mjvScene* scene, int type, double width, const double from[3],
                     const double to[3], const float rgba[4], float emission);

#ifdef __cplusplus
}
#endif
