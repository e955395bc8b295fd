"""More templates, all for training: written after the split of `templates` was drawn, so that its held-out
lines stay unseen.
"""

from __future__ import annotations

CHAT = """
yo
hello again
hi, it's me again
good day to you
evening all
what's up?
nice to meet you
long time no see
knock knock
cheers mate
ta very much
much appreciated
thanks a bunch
thank you, you've been really helpful
you're a star
fab, that'll do nicely
sweet, exactly what i was after
good job on the boxes
nice, that outline came out really clean
the mask is perfect, thanks
thanks for counting all of that
thank you for looking at my picture
thanks for describing it so well
not bad for a computer
right, i'm off
catch you later
take care
got to run, bye
that's not what i asked for
hmm, i don't think that was right
i disagree with you there
good point
oh dear
hang on a second
give me a moment
let me think about it
sorry, wrong picture
oops, i meant to type something else
i'll send you another picture in a minute
i will upload the photo later
let's start over
my internet is really slow today
do you like photography?
do you enjoy looking at pictures?
do you have eyes?
do you ever make mistakes?
do you get tired of counting things?
do you have a favourite colour?
what's your favourite shape?
what is your favorite kind of picture?
do you remember what i said yesterday?
do you see what i mean?
can you see the future?
can you read minds?
can i send you a picture?
may i upload another photo?
do you keep the pictures i send you?
are my photos private?
what file types can i upload?
how good are you at counting?
how do you recognise things in pictures?
how does object detection work?
what is the difference between detection and segmentation?
what is a bounding box?
what does segmentation mean?
what is image classification in machine learning?
explain what a mask is in photo editing
what's the best app for removing backgrounds?
how do i cut someone out of a photo in photoshop?
how do i crop a photo on my phone?
how do i take better photos at night?
which camera should a beginner buy?
what makes a good photograph?
i'd love to become a photographer
i took a lot of pictures on holiday
what is a mask made of?
should people still wear a mask on the bus?
write an outline for my talk on climate change
outline an essay about the industrial revolution
give me an outline of the plot of hamlet
how can i trace my family tree?
how do you draw a {S}?
teach me to draw a {S} step by step
what does a {S} stand for in mythology?
why are {P} so popular?
are {P} expensive?
do {P} make good presents?
what are {P} usually made of?
how many {P} are there in the whole world?
how long does a {S} usually last?
where can i buy {P}?
should i get a {S} or a {S} for my birthday?
what rhymes with {S}?
what's the plural of {S}?
how do you spell {S}?
i dreamt about {P} last night
my sister collects {P}
find me a recipe for soup
find a rhyme for orange
help me find a good name for my kitten
help me find a new job
show me how to tie a tie
point me to a good tutorial on knitting
where is the eiffel tower?
where were you trained?
where do penguins live?
where should i go on holiday?
count to ten
count backwards from five
how many minutes are in a day?
how many people live in brazil?
how many planets are there in the solar system?
how many corners does a hexagon have?
how many languages do you speak?
how many calories does a banana have?
what's seven times eight?
what number comes after a million?
describe how a volcano works
describe your perfect day
describe yourself in three words
describe the taste of chocolate
sum up the plot of romeo and juliet
summarise the french revolution for me
give me a rundown of the rules of cricket
talk me through making pancakes
explain how rainbows form
what's going on in the world today?
what's happening in the news?
write me a cover letter for a summer job
is python or java better?
is a tomato a fruit or a vegetable?
is a whale a fish or a mammal?
do you prefer cats or dogs?
would you rather be a cat or a dog?
who would win, a lion or a bear?
which is healthier, rice or pasta?
should i take the bus or the train to work?
are cats smarter than dogs?
android or iphone, what would you recommend?
what colour do you get when you mix blue and yellow?
what colour should i paint my bedroom?
what color is the sky on mars?
my favourite colour is {C}
does {C} go with {C}?
what does the colour {C} symbolise?
why is the sky blue?
is there life on mars?
is there a cure for hiccups?
are there any good films out this week?
which is bigger, the sun or the moon?
what shape is the earth?
how big is the atlantic ocean?
how old is the universe?
what is glass made of?
what breed of dog is best for a small flat?
who wrote pride and prejudice?
who is the prime minister of canada?
what year did the berlin wall come down?
i'm a bit nervous about my exam
my head hurts
i can't sleep
i just got promoted!
i miss my grandmother
i had a row with my best friend
we got a new puppy
i'm learning to paint
any tips for learning the guitar?
how do i get rid of a stain on my shirt?
what's a good present for a ten year old?
say something in welsh
tell me a riddle
give me a tongue twister
do you have any plans for the weekend?
"""

DESCRIBE = """
what have we got here?
what have we here then?
what's all this?
what am i looking at?
what is it that i'm looking at?
what might this be?
so what's the picture about?
what's the subject of this photo?
what is the image about, roughly?
what's the gist of this picture?
what's the main thing going on in this shot?
what's going on?
what goes on in this scene?
what's the story here?
what is taking place in the photograph?
what do we see here?
what would i see if i opened this image?
what catches your eye in this picture?
what does this snapshot capture?
what does this screenshot show?
what does the drawing show?
what does the camera see right now?
what's in the frame?
what's in the shot?
what's on my screen?
what is there to see?
what is all over this picture?
what can be made out in this image?
what can you make out here?
what can you gather from this photo?
what elements does the composition have?
what different things does this picture contain?
which things make up this scene?
what's everything in this image?
anything you can tell me about this photo?
got a caption for this?
any ideas for a caption?
alt text please
alt text for a blind reader
write the alt text for our website
i need alt text for this picture, under fifteen words
could you come up with a snappy caption for my instagram post
caption it for social media
captions for this one please
add a caption underneath the photo
suggest a headline for this picture
suggest a title and a short description for this image
two sentences on this picture, please
one line about what's in the image
describe in a single line
describe this for someone who is blind
describe what's on the photo as if i were on the phone with you
describe the surroundings
describe the setting of this photograph
describe all the objects and how they are arranged
describe the layout of the image
describe what the camera captured
describe this like i'm five
describe the upload
detailed description, please
brief description will do
a quick description would be great
a sentence or two about the scene would help
it would help to have a description of this
it would be lovely to hear what's in the photo
i was wondering what is in this picture
i was hoping you could describe this image
i'd love to know what this picture shows
i'd appreciate a short summary of the photo
i can't open the file, what's in it?
i can't see very well, could you tell me what's in front of me?
i'm blind, please tell me what the photo shows
i have no idea what this picture is, help
i've just sent you a photo, what is it?
my nan sent me this picture, what is on it?
i found this photo in the attic, tell me about it
would you mind describing the image?
would you mind telling me what's in the picture?
mind telling me what this is?
do you know what this is a picture of?
do me a favour and describe the photo
can you put this picture into words?
can you give me the gist of the image?
can you break down the scene for me?
could you run through what's in the picture?
could you talk me through the picture?
talk me through the image
talk me through what you see
walk me round the scene
take me through the photo bit by bit
guide me through this picture
run me through what's in the shot
give me the rundown
give me a rundown of what's in the photo
give me the lowdown on this picture
give me the big picture, what's in the image
give me a full account of the scene
give me a report on the image
give me the short version of what's in here
give me an impression of the photo
fill me in on what this photo shows
paint me a picture of the scene in words
sum it up: what is in the image
sum this picture up in ten words
sum up what you see here
summary?
summary of the image, two lines
recap the picture
please report what you see
report on the scene
report what is visible in the photo
report the findings in this scan
write a radiology report for this x-ray
write up the findings of this image
what does the scan show?
what does the x-ray show overall?
write a claim note describing this photo
write a short incident description from this picture
document what is in the photo for the insurance file
write a product description based on this photo
write a listing text for what is in the picture
describe the play shown in this photo
describe what the trail camera recorded
log entry for this camera image please
inventory of the scene in words
tell me all about this photograph
tell me what we're looking at
tell me what's shown on the slide
tell me in one sentence what this is
tell me the contents of this photo
verbalise the image
narrate the scene
put the scene into words
interpret the picture for me
explain this photo
explain what's on the picture
characterise the image in a few words
image caption
caption pls
caption, one sentence
describe scene
describe pic
whats in this pic
overview of the image
general description of the photo
everything you can see please
your impression of the picture?
have a look and tell me what it shows
look closely and describe what is there
just describe it
just say what's there
"""

ANSWER = """
do we have a {S} in this shot?
have we got any {P} in the picture?
did the camera catch a {S}?
did any {P} make it into the photo?
would there be a {S} in this picture?
would you say there are {P} in it?
is there by any chance a {S} in the photo?
is there no {S} in the picture?
is there a {C} {S}?
is there a {C} one among the {P}?
isn't there a {S} in there somewhere?
aren't there any {P}?
are there {P} in the background?
are there no {P} at all?
are there any {C} {P}?
are there both {P} and {P}?
are there {P} as well as {P}?
do you happen to see a {S}?
do you notice any {P}?
do you spot a {S} anywhere?
do you see something {C}?
does a {S} appear in the picture?
does a {S} show up anywhere in the image?
does this photo include a {S}?
does the scene include any {P}?
do any {P} appear in this?
any sign of a {S}?
any sign of {P}?
any trace of {P} in the scan?
anything {C} in the picture?
a {S} in the image, yes or no?
yes or no: is there a {S}?
yes or no, are the {P} {C}?
true or false: the {S} is {C}
true or false, there is a {S} in the photo
can you confirm there is a {S} in the picture?
please confirm whether there are {P}
i was wondering if there's a {S} in the shot
i'd like to know if any {P} are present
i need to know if the {S} is {C}
i can't tell if the {S} is {C}, is it?
i think the {S} is {C}, am i right?
am i right that there is a {S} in the picture?
so there's no {S} in it?
the {S}, is it {C}?
the {S}: what colour?
the {P}, what color are they?
what colour would you say the {S} is?
what colour have the {P} got?
what are the colours of the {P}?
what shade of {C} is the {S}?
what color is the largest {S}?
what colour is the smallest shape?
what colour is the object in the middle?
what colour is the thing at the top?
what colour is the one next to the {S}?
what colours appear in the picture?
which colour is the most common one in the image?
is it the {S} or the {T} that is {C}?
which of the {P} is {C}?
which of the two is {C}, the {S} or the {T}?
which things are {C}?
what else is {C}?
are any of the {P} {C}?
is any {S} {C}?
is every {S} {C}?
is the {S} a different colour from the {T}?
is the {S} the same colour as the {T}?
do the {P} have different colours?
do all the {P} match in colour?
what form does the {C} thing have?
what geometric shape is the {C} one?
is the {C} object a {S}?
is the {C} shape a {S} or a {T}?
is the biggest object a {S}?
the thing on the left, is that a {S}?
is that a {S} or is it a {T}, the thing in the corner?
what sort of object is left of the {S}?
what do you find right of the {S}?
what stands next to the {S}?
what sits on top of the {S}?
what is directly above the {S}?
what is directly beneath the {S}?
what's underneath the {S}?
what's just to the left of the {S}?
what's over on the right of the {S}?
what's closest to the {S}?
what's the nearest thing to the {S}?
what's at the very top of the picture?
what's in the top left corner?
what is in the centre of the image?
what is at the bottom of the photo?
what is on the right hand side?
what is on either side of the {S}?
what surrounds the {S}?
what's leaning against the {S}?
what is hanging from the {S}?
is the {S} behind the {T}?
is the {S} in front of the {T}?
is the {S} on top of the {T}?
is the {S} higher up than the {T}?
is the {S} lower than the {T}?
is the {S} further left than the {T}?
is the {S} closer to the {T} than the others?
is the {S} far from the {T}?
is the {S} inside the {T}?
is the {S} beside the {T}, or above it?
does the {S} touch the {T}?
does the {S} overlap the {T}?
does the {S} cover part of the {T}?
does anything touch the {S}?
do the {P} overlap?
do the {P} touch each other?
how far apart are the {S} and the {T}?
how close is the {S} to the {T}?
which side of the {T} is the {S} on?
on which side of the {S} is the {T}?
which comes first from the left, the {S} or the {T}?
which is higher, the {S} or the {T}?
which is nearer the edge, the {S} or the {T}?
which is smaller, the {S} or the {T}?
which of the {P} is the largest?
who's bigger, the {S} or the {T}?
are the {S} and the {T} equal in size?
are the {P} lined up in a row?
are the {P} larger than the {T}?
are all of the {P} equally big?
are the {P} in good condition?
are the {P} damaged?
is the {S} damaged in any way?
is the {S} intact?
is the {S} partly hidden?
is the {S} upside down?
is the {S} empty?
is the {S} moving or standing still?
is the {S} real, do you think?
is the {S} in focus?
is the {S} alone in the picture?
has the {S} got a lid?
has someone been sitting on the {S}?
what size would you say the {S} is?
what material is the {S}?
what condition is the {S} in?
what model is the {S}?
what make is the {S}?
what has happened to the {S}?
what does the label on the {S} say?
what does it say on the {S}?
what words are on the {S}?
what number is on the {S}?
what price is on the {S}?
can you read the text on the {S}?
can you make out the writing on the {S}?
can you tell how old the {S} is?
can you tell what the {S} is made of?
can you tell who is on the left?
who is standing beside the {S}?
who's using the {S}?
who does the {S} belong to?
who is winning?
who has the ball?
why is the {S} {C}?
why is the {S} lying there?
why might the {S} be broken?
why does the man look worried?
what caused the damage on the {S}?
what do the people do for fun here?
what is he pointing at?
what are they all looking at?
what is the person in the middle wearing?
what kind of animal is on the left?
what kind of room is this?
what sport are they playing?
what language is the sign in?
what time of day does it seem to be?
what's the mood of the people in the photo?
what's the dominant colour in the image?
what holds up the {S}?
which way is the {S} facing?
which direction is the arrow pointing?
which team is in {C}?
which bone is broken in this x-ray?
how does the {S} look, new or worn?
how is the {S} attached to the wall?
how full is the {S}?
how long would you say the {S} is?
how thick is the {S} compared with the {T}?
how was the {S} damaged?
how is the weather in this picture?
does the {S} look safe to use?
does the {S} look heavier than the {T}?
does anybody look unhappy?
does the product on the shelf have a price tag?
is anyone wearing a {S}?
is somebody holding a {S}?
is the animal by the water asleep?
is the background {C}?
is it raining in this photo?
is the goalkeeper on the ground?
was this taken in winter?
could that be a {S} behind the {T}?
tell me who is next to the {S}
tell me which is bigger, the {S} or the {T}
tell me what lies between the {S} and the {T}
tell me what the {S} is made of
tell me if the {S} touches the {T}
say whether the {S} is bigger than the {T}
check if the {S} is damaged
check that the {S} is {C}
question: is there a {S} below the {T}?
quick question, is the {S} {C}?
"""

DETECT = """
whereabouts in the picture is the {S}?
whereabouts would the {S} be?
where's that {S} got to?
where have the {P} gone?
where is there a {S}?
where are there {P}?
where on the picture are the {P}?
where in this image can the {S} be seen?
where abouts did you see {P}?
where should i look for the {S}?
where should i click to hit the {S}?
where does the {S} appear?
where do the {P} show up?
where does one find the {P} here?
where might the {S} be hiding?
where is my {S}?
where are my {P}?
where r the {P}
{S} where?
{N}, where?
the {S}, where is it?
the {P} - where are they?
the {S}'s location, please
in which corner is the {S}?
in what part of the photo are the {P}?
on which spot is the {S}?
at which coordinates is the {S}?
what are the coordinates of the {S}?
what's the bounding box of the {S}?
what is the position of the {P}?
what is the location of the {S} in the frame?
what x and y does the {S} have?
which regions contain {P}?
which part of the image has the {S} in it?
any idea where the {S} is?
any idea where i'd find the {P}?
do you know where the {P} are?
do you see where the {S} is?
can you see where the {P} are?
can you tell me where i can see the {S}?
can you put a frame on the {S}?
can you get me the boxes for {M}?
can you spot the {S} for me?
can you make out where the {P} are?
could you pinpoint the {S} for me?
could you track down the {P}?
could you point out where the {S} is?
would you be able to locate {M}?
would you mind showing me where the {S} is?
mind pointing me to the {P}?
i was wondering where the {S} is
i was hoping you could find the {P}
i wonder where the {P} are
i've lost the {S}, can you find it?
i lost sight of the {S}, where is it now?
i keep missing the {S}, point it out
i don't see the {P}, where are they?
i want to know the position of the {S}
i want the {P} boxed
i want every {S} marked
i'd like to see where the {P} are
i'd like boxes on {M}
i'd like the {S} framed
i need you to find {M}
i need a rectangle round the {S}
i need coordinates for the {P}
i need to know where {M} are
i'm after the location of the {S}
i'm trying to find the {P}
it would help to know where the {S} is
it would be good to have a box on every {S}
help me find the {P}
help, i can't spot the {S}
pinpoint all the {P}
pinpoint the location of the {S}
pinpoint {M}
spot every {S}
spot {M} for me
spot where the {P} are
track down every {S}
track down {M}
hunt down the {P}
hunt for the {S}
seek out the {P}
scan the picture for {P}
scan the scene for any {S}
scan this shelf for {P}
go through the image and find the {P}
comb through the photo for {P}
look around for the {S}
look where the {P} are
keep an eye out for the {S}
find and mark the {P}
find and box {M}
find a {S}
find a {S} for me in this photo
find both the {P}
find us the {S}
find out where the {S} is
find the whereabouts of the {P}
find the spot where the {S} is
finding {P}, please
locate any {P} you come across
locate a {S}
locate whatever {P} are in the shot
locate the position of the {S}
localise the {P}
localise every {S}
localization of the {S}
detect a {S}
detect where the {P} are
detect and localise {M}
detect the presence and position of {P}
detection for {P}
detection boxes on the {P} please
run detection for {M}
run an object detector for the {S}
box up every {S} you see
box each of the {P}
box out the {S}
boxes round the {P} please
boxes on all {P}
bounding box: {S}
bounding boxes, {P}
bboxes for {P}
bbox of the {S}
rectangle round the {S}
put a rectangle round each {S}
put a frame round the {P}
put a square frame over the {S}
put a marker on the {S}
put a pin on the {S}
put your finger on the {S}
place a box over every {S}
place markers on the {P}
draw a bounding box round {M}
draw a rectangle round every {S}
draw a square box around the {P}
draw an arrow to the {S}
enclose the {S} in a box
surround each {S} with a rectangle
frame the {S}
frame every {S} in the shot
frame {M}
circle all the {P}
circle {M} for me
flag the {P} in the picture
flag every {S} you come across
mark out where the {P} are
mark the spot with the {S}
mark the location of each {S}
mark down the positions of the {P}
tick off where the {P} are
point at every {S}
point towards the {S}
point me towards the {P}
point your finger at {N}
highlight where the {S} is
highlight any {P} with a box
indicate the location of {M}
indicate all {P}
identify the location of the {S}
identify and box every {S}
call out the position of the {P}
direct me to the {S}
lead me to the {S}
take me to the {S}
show us the {P}
show me a {S}
show me exactly where the {S} sits
show me the spot with the {S}
show me which part of the picture has the {P}
show me the whereabouts of the {S}
show where {M} are
let me know where the {S} is
let me know the coordinates of the {P}
let me have the positions of {M}
say where the {S} is
say where you see the {P}
tell us where the {P} are
tell me the coordinates of every {S}
tell me where you spotted the {S}
tell me roughly where the {P} are
give us the position of the {S}
give me x and y for the {P}
give me the whereabouts of the {S}
give me a rectangle for each {S}
give the coordinates of {M}
return bounding boxes for {M}
return coordinates for every {S}
output the boxes of the {P}
list the positions of the {P}
list the bounding boxes for all {P}
provide the location of the {S}
report the coordinates of the {P}
get the location of every {S}
get a box on the {S}
position and box of the {S}, please
positions of {M}
whereabouts of the {P}?
location of {M} please
coordinates: {P}
localise: {N}
for the claim, show me where the {P} are
for the radiologist: mark where you see {P}
for the match report, find the {P}
for stock taking, box every {S} on the shelf
"""

SEGMENT = """
trace round the {S}
trace around every {S}
trace the outline of the {P}
trace the exact edge of {M}
trace out the {P}
tracing of the {S} please
can you trace the {S} for me?
draw a line round the {S}
draw a line around the {P}
draw the contour of the {S}
draw round the edge of the {S}
draw along the border of the {S}
draw a tight outline round the {P}
draw a polygon that follows the edge of the {S}
draw the silhouette of the {S}
draw the boundary of each {S}
sketch the contours of {M}
sketch round the {P}
go round the edge of the {S}
follow the edge of the {S} exactly
follow the contour of the {P}
the border of the {S}, please
the edge of the {S}, exactly
border of the {S}
edge of the {P}
edges of {M} please
boundary of the {S}
boundaries of the {P}
exact boundaries for {M}
contours of {M}
contour every {S}
contour the {P}
contour line of the {S}
contouring of the {P} on this slice
silhouette the {S}
silhouettes of the {P}
silhouettes for {M} please
i'd like the silhouette of the {S}
lasso the {S}
lasso the {P}
lasso {M}
use the lasso on the {S}
lasso select the {P}
magic wand on the {S}
carve out the {S}
carve the {S} out of the photo
carve {M} out of the background
cut-out of the {S}
cut-outs of the {P}
cutouts for {M}
cut round the {S}
cut along the edge of the {S}
cut the {P} free from the background
cut away everything except the {S}
cut away the background behind the {P}
cut each {S} out on its own
snip out the {S}
snip round the {P}
scissor out the {S}
crop the {S} along its contour
clip the {P} out of the picture
clip out {M}
clipping path for the {S}
clipping mask for the {P}
lift the {S} out of the picture
lift the {S} off the background
pull the {S} out of the background
pull a matte of the {S}
matte the {S}
matte for the {P}
matting of the {S} please
make a matte for {M}
alpha mask of the {S}
alpha mask for {M}
alpha matte of the {P}
an alpha channel for the {S}, please
stencil the {S}
stencil of the {P}
make a stencil of the {S}
make a stencil out of {M}
make a sticker of the {S}
turn the {S} into a sticker
turn the {P} into masks
turn the {S} into a cut-out
rotoscope the {S}
roto the {P}
knock out the background around the {S}
knock the {P} out of the background
knock out everything but {M}
strip the background away from the {S}
strip everything away but the {P}
drop the background behind the {S}
erase the background around the {P}
erase everything apart from the {S}
get rid of the background, leave the {S}
get rid of everything that isn't a {S}
make the background transparent, leave the {P}
make everything except the {S} transparent
put the {S} on a transparent background
leave only the {P} in the picture
leave nothing but the {S}
keep the {S} and drop everything else
blank out all but the {P}
detach the {S} from its background
split the {S} from the background
separate {M} from the background
separate out each {S}
partition the image into {P} and background
isolate every {S} on white
isolate the {S} from everything around it
extract the shape of the {S}
extract every {S} as a mask
extract a mask for {M}
shade in the {S}
shade in all the {P}
shade the area of the {S}
shade {M}
colour in the {S}
colour in the {P}
colour in every {S} you see
colour {M} in
colour the pixels of the {S}
color in all of the {P}
color every pixel that belongs to a {S}
paint over the {S}
paint over the {P}
paint in the {S}
paint a mask on the {S}
paint {M} over
fill the {S} with colour
fill in the shape of the {S}
tint the {S}
overlay a mask on the {P}
overlay the mask of each {S}
put a mask over {M}
put a mask on every {S}
put an outline round the {S}
put an outline on the {P}
lay a mask over the {S}
highlight the area of the {S}
highlight the exact area covered by the {P}
highlight the pixels of the {S}
highlight the contour of the {P}
mark the exact area of the {S}
mark every pixel of the {P}
mark the border of the {S} pixel by pixel
mark off the outline of each {S}
mark up the {S} with a mask
show the exact area of the {S}
show the outline of {M}
show me the edge of the {S}
show me where exactly the {S} begins and ends, as an outline
show me the area taken up by the {P}
show only the {S}, hide the rest
hide everything except the {P}
select the outline of the {S}
select every pixel of the {S}
select exactly the area of the {P}
pick out the pixels of the {S}
find the edges of the {S}
find the border of the {S}
find the silhouettes of the {P}
detect the contours of the {P}
locate the exact boundary of the {S}
delineate the {S}
delineate the {P}
delineate {M} on the scan
delineate the border of the {S}
demarcate the {S}
outline any {P} you find
outline and fill the {P}
outline the area of the {S}
outline the shape of each {S}
outlines for {M} please
outlines of all {P}
an outline of the {S} if possible
segment any {P}
segment and mask {M}
segment the region of the {S}
segment the {P} one by one
segment me the {S}
segment out {M}
segmentation: {N}
segmentation for {M}
instance segmentation of the {P}
semantic segmentation, {P}
instance masks, one for each {S}
pixel level mask of the {S}
pixel-perfect outline of the {P}
pixelwise segmentation of {M}
binary mask of the {S}
binary masks for {M}
polygon for the {S}
polygons for the {P}
masks, all the {P}
mask in the {P}
mask up the {S}
mask out {M}
mask away everything but the {S}
masking of the {P} please
generate outlines for the {P}
generate a cut-out of the {S}
produce masks for {M}
produce a clean edge for the {S}
export the {S} as a cutout
export masks of the {P}
output a binary mask for the {S}
return outlines for {M}
return the segmentation of each {S}
compute the contour of the {S}
give me the exact border of the {S}
give me the silhouettes of {M}
give me the area of the {P} as a mask
give me the {S} on its own without the background
give me just the {S}, background gone
get me a clean cut-out of the {S}
get me the {P} with no background
which pixels belong to the {S}?
which area do the {P} occupy?
what area of the picture is taken up by the {P}?
how much space in the picture does the {S} take up?
how much of the image is {S}?
what share of the photo do the {P} fill?
where exactly does the outline of the {S} run?
could you knock out the background of the {S}?
could you shade in the {P} for me?
could you mask out the {P} for the designer?
can you draw round the {S}?
can you give me an alpha mask of the {P}?
can you carve out the {P} for me?
can i get the {S} as a cut-out?
can i have the exact edge of the {S}?
can we have masks of {M}?
would you mind tracing the {P}?
would you cut {M} out for me?
it would help to have a mask of the {S}
it would be great to get the {P} outlined
i was wondering if you could outline the {S}
i was after a mask of the {P}
i'd love a silhouette of the {S}
i'd like {M} cut out
i'd like the {P} shaded in
i want {M} masked
i want the {P} traced
i want only the pixels of the {S}
i need the edges of the {P}
i need a clean cut-out of the {S} for the catalogue
i need a pixel mask of the {P} for training
i have to cut the {S} out for a poster
for the treatment plan, contour the {S}
for the claim, outline the {P}
for our web shop, knock out the background of the {S}
"""

COUNT = """
{S} count?
{S} count please
{P} count
headcount of the {P}
head count: {P}
tally: {P}
tally of {P} please
tally up the {P}
tally up {M}
tally every {S} you see
keep a tally of the {P}
total {P}?
total up the {P}
total of the {P} in the shot
in total, how many {P}?
all in all, how many {P} are there?
overall how many {P} would you say?
altogether, how many {P} can you make out?
how many {P} have we got?
how many {P} have you got there?
how many {P} made it into the shot?
how many {P} did the camera catch?
how many {P} appear in this picture?
how many {P} show up in the image?
how many {P} turn up in this photo?
how many {P} were there?
how many {P} would you say there are?
how many {P} do you reckon there are?
how many {P} does this scene have?
how many {P} does it have?
how many {P} do you make it?
how many {P} could you find?
how many {P} are present?
how many {P} are left?
how many {P} are on the shelf?
how many {P} are standing around there?
how many {P} are out there
how many {P} am i looking at?
how many {P} can i see here?
how many {P} exactly?
how many {P}, roughly?
how many {P} at a glance?
how many {P} were drawn?
how many of the shapes are {P}?
how many of these things are {P}?
how many separate {P} can you distinguish?
how many {P} are there, not counting the rest?
how many {P} do you get if you count them?
how many {P} need to be invoiced?
how many {P} does the trail camera show?
how many {P} are visible on this scan?
how much {P} are there?
how much {P} do you see?
how much {P} in the photo
howmany {P}
hw many {P} r there
so, how many {P} then?
ok but how many {P} are in it?
{P}? how many of them?
{P} - count?
{P}: number?
{P}, total?
number of {P} visible?
no. of {P}?
nr of {P}
the exact number of {P}
the total count of {P} please
the quantity of {P} in the picture
quantity: {P}
amount of {P} in the image?
count for {P}
counts of {M} please
count of all visible {P}
count out the {P}
count off the {P} one by one
count over the {P} again
count any {P} you can find
count the {P} on the shelf for me
count just the {P}
count only the {P}, nothing else
count both {M}
count through the {P}
counting {P}, what do you get?
recount the {P}
do a headcount of the {P}
do a tally of the {P}
do a quick count of {M}
do a stock check on the {P}
take a count of the {P}
take stock of the {P}
make a count of {M}
run a count on the {P}
run the counter on {P}
add up the {P}
add up all the {P} you find
sum the number of {P}
calculate how many {P} there are
calculate the total number of {P}
establish how many {P} there are
estimate how many {P} are in the crowd
quantify the {P}
enumerate {M}
go through the picture and count the {P}
look how many {P} there are
look at the photo and count the {P}
see how many {P} you can count
see how many {P} there are
guess how many {P} there are
put a number on the {P}
put a figure on how many {P} there are
give us a count of the {P}
give us the number of {P}
give me a headcount of the {P}
give me a number: how many {P}
give me the exact count of {P}
give me a figure for the {P}
give me totals for {M}
give the quantity of {P}
get a head count of the {P}
get the total for {M}
let me have the number of {P}
let me know how many {P} you can see
let's count the {P}
write down how many {P} there are
print the number of {P}
output the count of {P}
return the count of {P}
provide a count of the {P}
report how many {P} you find
state the number of {P}
confirm the number of {P}
verify how many {P} there are
double check how many {P} there are
tell us how many {P} there are
tell me how many {P} made it into the picture
tell me the quantity of {P}
tell me exactly how many {P} are visible
what is the headcount of the {P}?
what is the tally of {P}?
what is the quantity of {P} here?
what's the total number of {P} on the shelf?
what's the figure for the {P}?
what's the tally for {M}?
what does the number of {P} come to?
what do you get when you count the {P}?
what count of {P} do you get?
what would be the number of {P}?
what is the exact number of {P}?
which number of {P} is there?
i was wondering how many {P} made it into the shot
i was wondering about the number of {P}
i wonder what the number of {P} is
i'd be interested in how many {P} there are
i'd like a tally of the {P}
i'd like you to count {M}
i'd love to know how many {P} you count
i want a headcount of the {P}
i want {M} counted
i need the {P} counted
i need to count the {P}
i need a quantity for the {P}
i need the tally for {M}
i must know how many {P} there are
i keep losing count of the {P}, how many are there?
i lost count of the {P}, help me
i count four {P}, is that the right number?
i get seven {P}, how many do you get?
it would help to know how many {P} there are
it would be good to have the number of {P}
would you count {M} for me?
would you mind counting the {P}?
would you know the number of {P}?
could you give me the headcount of the {P}?
could you tally the {P}?
could i have the total number of {P}?
can i get a count of the {P}?
can we get the number of {P}?
can you work out the number of {P}?
can you see how many {P} there are?
can you put a number on the {P}?
do you see how many {P} there are?
do you have the number of {P}?
any chance you could count the {P}?
are there at least two {P}?
are there more than three {P} in the shot?
are there fewer than six {P}?
is there a single {S} or more of them?
is it just one {S} or more than one?
for the census, how many {P} are there?
for the stock list: number of {P}
for the survey, count {M}
for the claim i need the number of {P}
per photo, how many {P}?
"""

CLASSIFY = """
is this thing here {L}?
is what we see {L}?
is what you see here {L}?
is my picture {L}?
is the picture i sent {L}?
is the upload {L}?
is the shot {L}?
is the scan {L}?
is the product in the photo {L}?
is the sample {L}?
is the overall impression {L}?
is it best described as {L}?
is it one of {L}?
is it closer to {L}?
is it to be labelled {L}?
is this best filed as {L}?
is this to be tagged {L}?
isn't it {L}?
are we looking at {L}?
are we dealing with {L} here?
am i looking at {L}?
{L} - what do you reckon?
{L}: what do you think?
{L}: pick one
{L}: choose the best one
{L}: label it
{L}, which label applies?
{L}, which is right?
{L}, choose
{L}, take your pick
{L}? just the label please
{L}? one word
{L}? pick one please
{L}? what's your verdict
{L} - your call
{L}... which of those?
label options {L}
label set: {L}
labels to choose from: {L}
label: {L}?
label as {L}
label the shot as one of {L}
label the {S} as {L}
label this sample {L}
label what you see, {L}
labelling task: {L}
class labels: {L}
class list: {L}
class names: {L}
which class, {L}?
which class would you give it: {L}
which bucket does it go in: {L}
which bin does it belong in: {L}
which box should i tick: {L}
which group is it in: {L}
which kind is it: {L}?
which type is it, {L}?
which tag suits it: {L}
which of these labels applies: {L}
which of these labels would you pick: {L}
which of these is the picture: {L}
which of these fits best: {L}
which of those would you choose, {L}?
which one applies: {L}
which one would you go for, {L}?
which term describes it best: {L}
which heading does it go under: {L}
which option is correct: {L}
which would you say, {L}?
what class is it, {L}?
what category is it: {L}
what label would you give it: {L}
what would you tag this as: {L}
what do you make of it: {L}?
what fits better, {L}?
what's it look like to you, {L}?
what's more likely: {L}
what's the right label here: {L}
what's the verdict: {L}
how would you classify this: {L}
how would you label it: {L}
how would you grade it, {L}?
how would you rate it: {L}
how should i label this, {L}?
how should this be filed: {L}
how does it come across, {L}?
sort into {L}
sort this one into {L}
sort the photo: {L}
sort the {S} into {L}
sort what you see into one of these: {L}
sort under {L}
file it under {L}
file the picture under one of {L}
group it as {L}
group this under {L}
bin this as {L}
bucket it: {L}
grade the picture: {L}
grade it as {L}
rank it as {L}
mark it as {L}
mark the image as {L}
mark this as one of {L}
tag this {L}
tag with {L}
tag the image with the right one: {L}
tag one: {L}
tags: {L}
tick one: {L}
class it as {L}
classify the shot: {L}
classify the product as {L}
classify the {S} as {L}
classify what you see: {L}
classify by these labels: {L}
classify with the labels {L}
classify using {L}
classify according to {L}
classification: {L}
classification into {L}, please
image classification, classes {L}
zero-shot classes: {L}
categories: {L}
category? {L}
categories to choose from: {L}
categorise as {L}
categorise this photo: {L}
categorize with these: {L}
allocate it to one of {L}
allot the picture to {L}
assign this picture a class: {L}
assign the right tag: {L}
attribute the image to one of {L}
match the picture with one of {L}
match it to the best label: {L}
put it in one of these boxes: {L}
put it down as {L}
put it under {L}
put the photo in the right category: {L}
place it in one of the groups {L}
place the image under {L}
give a label from {L}
give it a tag: {L}
give your verdict: {L}
give me one word out of {L}
go with one of these: {L}
make a choice: {L}
make up your mind: {L}
make the call: {L}
take one of these labels: {L}
pick one of {L}
pick one of these for the picture: {L}
pick the likeliest: {L}
pick whichever fits: {L}
pick between {L}
pick out the right label: {L}
choose between {L}
choose the label that suits it: {L}
choose whichever is closest: {L}
choose out of {L}
select from {L}
select the best fit: {L}
settle this for us: {L}
settle on one: {L}
decide on one of these: {L}
decide for me: {L}
determine the class: {L}
determine the category among {L}
predict the class: {L}
predict one of {L}
recognise it as one of {L}
identify it as {L}
distinguish between {L}
tell apart: {L}
tell me which of these it is: {L}
tell me whether i should label it {L}
tell me which class you'd give it, {L}
tell me if the photo counts as {L}
say which one: {L}
say one of these words: {L}
say if the picture is {L}
respond with one label: {L}
answer with one word, {L}
return one of these labels: {L}
output exactly one of {L}
judge whether it's {L}
assess it as {L}
assess the damage as {L}
assess the condition: {L}
evaluate as {L}
diagnose: {L}
triage this image: {L}
quality control: {L}?
for the archive: {L}?
for our database, is this {L}?
for the insurer: is it {L}?
for the wildlife survey, is this {L}?
would you put this down as {L}?
would you file this under {L}?
would you tag it as {L}?
would the label be {L}?
would that be {L}?
would that count as {L}?
does it fall under {L}?
does it fit {L} best?
does it strike you as {L}?
does the photo belong under {L}?
does this qualify as {L}?
does the picture come across as {L}?
should i tag it {L}?
should it be labelled {L}?
should we call this {L}?
should this be marked as {L}?
do we call this {L}?
do you see this as {L}?
do you consider it {L}?
can you sort this into {L}?
can you label it for me, {L}?
can you decide between {L}?
can you tell me which of these labels it is: {L}
could you tag this with {L}?
could this be classed as {L}?
might it be {L}?
i was wondering whether it is {L}
i was told to label it {L}
i can't decide if it's {L}
i can't tell whether this is {L}
i'd like it sorted into {L}
i'd like a label, {L}
i'd like to know if this counts as {L}
i need a label: {L}
i need this filed under {L}
i need one of these: {L}
i want it classified as {L}
i want one of these tags on it: {L}
i only accept {L}
it's either {L}, which one?
it must be one of {L}
it could be {L}, what do you say?
it would help to know whether it's {L}
there are these classes: {L}
there's a choice of {L}
these are my labels: {L}
these are the options, {L}
here are the labels: {L}
here are my categories, choose: {L}
we use the labels {L}
we sort our pictures into {L}
we can't agree whether it's {L}
my boss wants to know if it's {L}
our classes are {L}
your options are {L}
you can choose from {L}
you have {L} to choose from
allowed answers: {L}
possible answers {L}
multiple choice: {L}
given the labels {L}, which one is it?
given {L}, which fits the image?
among {L}, what fits best?
among these, {L}, which one?
considering {L}, where does it belong?
if you had to choose, {L}?
if you had to label it {L}, which would it be?
out of these: {L}
out of {L} pick one
from these labels choose one: {L}
in which class does it fall: {L}
under which label does it go: {L}
into which category does this go, {L}?
best label? {L}
best match: {L}
right label please: {L}
verdict: {L}?
"""

SINGLE: dict[str, str] = {
    "chat": CHAT,
    "describe": DESCRIBE,
    "answer": ANSWER,
    "detect": DETECT,
    "segment": SEGMENT,
    "count": COUNT,
    "classify": CLASSIFY,
}

# A turn that takes up what the history line is about: `it` after one thing, `them` after several.
FOLLOW_UP_IT: dict[str, str] = {
    "detect": """
whereabouts is it?
where's that then?
where can i see it?
where did you see it?
where did you find that?
where should i look for it?
in which corner is it?
what are its coordinates?
what's its position?
its location please
its position in the picture?
bounding box for it?
get me its bounding box
give me its coordinates
give me a box for that
pinpoint it
spot it for me
track it down
frame it
frame that one for me
circle it
flag it
indicate where that is
point it out
point me to it
point at that one
put a rectangle round it
put a frame on that
draw a frame round it
draw a rectangle around that one
box it in
mark where it is
mark that one
locate that one for me
could you highlight that?
tell me where that is
tell me where to look for it
show me the spot
show me that one in the picture
let me see where it is
i can't see it, where is it?
i don't see that, show me where
""",
    "segment": """
trace round it
trace the edge of that
draw a line round it
draw round its edge
draw its silhouette
lasso it
lasso that one
carve it out
snip it out
clip that out
lift it off the background
knock out the background around it
knock out everything around that
get rid of the background around it
remove everything except it
keep only that one
leave just that and drop the rest
shade it in
colour it in
color that in
paint over it
fill it in
contour it
delineate it
silhouette of it please
its outline please
its mask?
its exact border?
cut-out of it please
alpha mask of that one
make a stencil of it
make it a cut-out
turn it into a mask
show me its edges
show its border
select all of its pixels
which pixels are part of it?
how much of the picture does it cover?
what area does it take up?
separate it from the background
separate that from the rest
segment that one for me
do a segmentation of that
could i get that as a mask?
i need it cut out
i'd like it outlined
""",
    "answer": """
what colour would you say it is?
can you tell what colour it is?
is it more {C} than the rest?
is it really {C}?
is it a {C} one?
is it bigger than the {T}?
is it smaller than the {T}?
is it above the {T}?
is it below the {T}?
is it right of the {T}?
is it next to the {T}?
is it behind the {T}?
is it in front of the {T}?
is it touching the {T}?
does it touch the {T}?
does it overlap the {T}?
is it the same colour as the {T}?
is it closer to the {T} than to the edge?
is it big or small?
is it the smallest one?
is it damaged?
is it clean?
is it moving?
is it on the left or on the right?
is it in the middle?
what is it for?
what's inside it?
what's behind it?
what's underneath it?
what is to the right of it?
what's directly above it?
what material is it?
what size is it?
what condition is it in?
what's written on it?
what is it standing on?
which way is it facing?
how old is it?
how tall is it?
who is holding it?
who is near it?
why is it there?
why is it {C}?
does it have a {T} next to it?
is there a {T} beside it?
is there anything under it?
is anything touching it?
can you read what is on it?
""",
    "count": """
how many like that are there?
how many of its kind are there?
how many of that kind can you see?
how many of these do you count?
how many of that sort are in the picture?
how many of that type did you spot?
how many of those in total?
how many of those do we have?
how many of those does the picture show?
how many things like it are there?
how many times does it appear?
how many times does that occur in the image?
so how many of those can you find?
just how many of those are there?
in total, how many of those?
number of those?
the number of those please
total for that kind?
what's the number of those?
what's the total number of such things?
what is the count for that kind?
count those for me
count all of that kind
count things like that
count everything like it
could you count that sort of thing?
can you count how many of those there are?
tally those
tally up things like it
give me the count of such things
give me a number for those
tell me how many of those you see
tell me the total of that kind
work out how many of those there are
i need to know how many of those there are
i'd like the number of those
is there just the one or are there several?
is there more than one of those?
""",
}
FOLLOW_UP_THEM: dict[str, str] = {
    "detect": """
whereabouts are they?
where are those then?
where can i see them?
where did you find them?
where did you spot those?
where should i look for them?
where in the picture are they?
where is each of them?
in which corners are they?
what are their coordinates?
what are their positions?
their locations please
their positions?
bounding boxes for them?
get me their bounding boxes
give me their coordinates
give me boxes for those
give me a rectangle for each of those
pinpoint them
pinpoint each one
spot them for me
track them down
frame them
frame each of those
circle them
flag them all
indicate where those are
point those out
point me to them
point at each of those
put a rectangle round each
put a frame on every one of them
draw frames round them
draw rectangles around those
box them in
box every one of them
mark where they are
mark those
locate each of them
could you highlight those?
tell me where those are
tell me where to look for them
show me the spots
show me those in the picture
let me see where they are
i can't see them, where are they?
i don't see those, show me where
""",
    "segment": """
trace round them
trace the edges of those
draw a line round each of them
draw round their edges
draw their silhouettes
draw their contours
lasso them
lasso each of those
carve them out
snip those out
clip them out
lift them off the background
knock out the background around them
knock out everything but those
get rid of the background around them
remove everything except them
keep only those
leave just those and drop the rest
shade them in
colour them in
color those in
paint over them
fill them in
contour them
delineate them
silhouettes of them please
their outlines please
their masks?
their exact borders?
cut-outs of those please
alpha masks of those
make stencils of them
turn them into masks
show me their edges
show their borders
select all of their pixels
which pixels are part of them?
how much of the picture do they cover?
what area do they take up?
separate them from the background
separate those from the rest
segment those for me
do a segmentation of those
mask every one of them
could i get those as masks?
i need them cut out
i'd like them outlined
""",
    "answer": """
what colour would you say they are?
can you tell what colour they are?
are any of them {C}?
is one of them {C}?
is every one of them {C}?
are they mostly {C}?
are they really {C}?
are they different colours?
are they different sizes?
are they big or small?
are they bigger than the {T}?
are they smaller than the {T}?
are they above the {T}?
are they below the {T}?
are they left of the {T}?
are they right of the {T}?
are they near the {T}?
are they behind the {T}?
are they in front of the {T}?
are they touching each other?
do they overlap?
do they touch the {T}?
do they have the same shape?
do any of them touch the {T}?
are they close together?
are they in a row?
are they on the left or on the right?
are they damaged?
are they clean?
are they moving?
are any of them broken?
which of them is the smallest?
which of them is {C}?
which of them is closest to the {T}?
which of them is furthest left?
which one of them is on top?
what is above them?
what's below them?
what is left of them?
what is between them?
what's behind them?
what size are they?
what shape are they?
what are they for?
what condition are they in?
what's written on them?
who is standing next to them?
who do they belong to?
how old are they?
how far apart are they?
why are they there?
why are they {C}?
is there a {T} near them?
is there anything under them?
is anyone holding them?
""",
    "count": """
how many in all?
how many in total?
how many would that be?
how many do you see?
how many do you count?
how many of those are there altogether?
how many of them can you see?
how many of them do we have?
how many exactly?
how many are they?
how many are in the picture?
so how many are there then?
but how many are there?
roughly how many?
number of them?
the number please
the total please
total?
their number?
what's the count?
what is their number?
what's the tally?
what's the headcount?
what does that come to in total?
count them up
count them all
count those for me please
count each one of them
could you count them?
can you count how many there are?
do a count of those
do a headcount
tally them
tally them up
total them up
add them up
give me the count
give me the total
give me a tally of them
put a number on them
tell me the number
tell me the total of those
work out how many there are
i need the number of them
i'd like to know how many there are
are there more than three of them?
are there at least two of those?
""",
}
# The same task again, for another thing, or for the same kind of thing in another colour (`{C}`).
ELLIPSIS = """
how about {P}?
what of the {P}?
and for the {P}?
and for {P}?
and what about the {P}?
and how about {P}?
and as for the {P}?
and with the {P}?
and the {P} as well?
and then {P}
and again for {P}
now {P}
now for the {P}
now with {P} instead
next, the {P}
next up: {P}
{P} next
{P} as well
{P} too please
{P} instead
the {P} as well please
the {P} now
the {P} next please
likewise the {P}
likewise for {P}
ditto for the {P}
do the {P} too
do the {P} next
do that for the {P}
do it again for {P}
do the same for {P}
same thing for the {P}
same again for {P}
same question for the {P}
same with {P}
repeat that for the {P}
repeat with {P}
once more with the {P}
ok now the {P}
right, the {P} now
let's do the {P} now
let's move on to the {P}
let's have the {P} as well
try the {P}
try it with {P}
what about {P} then?
what about the {P} though?
i meant the {P}
sorry, i meant {P}
no, the {P}
not those, the {P}
i also want the {P}
could you do the {P} as well?
can i have that for the {P} too?
"""
ELLIPSIS_COLOUR = """
how about {C} ones?
and for the {C} ones?
and what about the {C} ones?
and how about the {C} ones?
and the {C} ones as well?
what of the {C} ones?
the {C} ones too
the {C} ones?
the {C} ones now
the {C} ones next please
the {C} ones instead
now {C} ones
now do the {C} ones
now for the {C} ones
next the {C} ones
also the {C} ones
likewise the {C} ones
ditto for the {C} ones
do the {C} ones too
do the same for the {C} ones
do that with the {C} ones
same thing for the {C} ones
same again, {C} ones
same question for the {C} ones
the same with the {C} ones please
repeat that for the {C} ones
ok the {C} ones?
right, and the {C} ones?
what about just the {C} ones?
only the {C} ones this time
let's do the {C} ones
let's try the {C} ones
try the {C} ones
i meant the {C} ones
sorry, i meant the {C} ones
no, the {C} ones
not those, the {C} ones
i want the {C} ones as well
could you do the {C} ones as well?
"""
# The second half of a turn, about the things that the first half named.
AND_ALSO: dict[str, str] = {
    "detect": """
show me where each one is
show where they are
show me the place of each
point at each one of them
point to each one
pinpoint all of them
locate them
locate each of them
find them in the picture
mark where they are
mark each one with a box
put all of them in boxes
box each one
put boxes round them
put a rectangle round each of them
put a frame on each
draw a box round each
draw bounding boxes around all of them
frame all of them
circle each one
tell me their positions
tell me the coordinates
say where they are
give me their coordinates
give me the boxes
give me bounding boxes for them
get me their locations
return their bounding boxes
indicate where they are
whereabouts are all of them?
where exactly is each of them?
""",
    "segment": """
outline each one
outline each of them
segment each of them
mask each one
mask them out
cut each of them out
carve each one out
clip each of them out
extract each one
isolate them from the background
trace round each one
trace their edges
trace the outline of each
draw a line round each
draw an outline around each one
draw their contours
show me their outlines
show me the masks
give me an outline for each
give me the masks
give me a mask of each
give me cut-outs of them
get me masks for all of them
make cut-outs of them
make masks for them
create a mask for each
shade each one in
colour all of them in
paint over them
knock out the background around them
return their masks
""",
    "count": """
count them up
count them all
count them for me
count each one
count how many you find
tally all of them
tally them up
total them
add them up
do a headcount of them
do a count of them
say how many there are
say how many that is
tell me their number
tell me how many you count
tell me how many you found
tell me the total
give me the total number
give me the exact count
give me a tally
give me a headcount
get me the total number
work out how many there are
let me know how many there are
report how many you see
put a number on them
how many would you say?
how many can you see?
how many are there in total?
what's the total number?
what is the count?
""",
}
